using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration.Memory;

namespace TransactionPipeline.Silo.Hosting;

/// <summary>Lets <c>cluster__port_offset</c> alone be enough for several silos on one machine.</summary>
internal static class PortOffset
{
    private const int DefaultPort = 8000;

    /// <summary>Moves the default HTTP port by the offset; any address that is configured stays.</summary>
    public static WebApplicationBuilder AddPortOffset(this WebApplicationBuilder builder)
    {
        if (int.TryParse(builder.Configuration["cluster:port_offset"], CultureInfo.InvariantCulture, out var offset) && offset > 0)
        {
            // Below every other source.
            builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
            {
                InitialData = [new(WebHostDefaults.ServerUrlsKey, $"http://localhost:{DefaultPort + offset}")],
            });
        }
        return builder;
    }
}
