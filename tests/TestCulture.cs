using System.Globalization;
using System.Runtime.CompilerServices;

namespace TransactionPipeline.Tests;

/// <summary>The tests run under the culture of the program, on machines of any language.</summary>
internal static class TestCulture
{
    [ModuleInitializer]
    internal static void Use()
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
    }
}
