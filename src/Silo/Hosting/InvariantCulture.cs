using System.Globalization;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Silo.Hosting;

/// <summary>
/// Dates and numbers do not change with the machine's language, but text is text: normalised and told by its kind, which .NET's invariant
/// mode does not do. So ICU stays in use, and the culture of every thread is the invariant one.
/// </summary>
internal static class InvariantCulture
{
    /// <summary>The first thing that the program does, whether it serves or runs a command.</summary>
    /// <exception cref="StartRefusedException">This machine or its settings turn ICU off.</exception>
    public static void Use()
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
        // In invariant mode the two characters stay two, without a word.
        if ("e\u0301".Normalize().Length == 1) return;
        throw new StartRefusedException(
            "Refusing to start: .NET runs in its globalization-invariant mode, in which the same product in two spellings is two. Unset "
            + "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT (or set it to 0), and have ICU on the machine: Debian's libicu, or a base image with it.");
    }
}
