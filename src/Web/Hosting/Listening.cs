namespace TransactionPipeline.Web.Hosting;

/// <summary>Where the app listens.</summary>
public static class Listening
{
    private const string DefaultUrl = "http://localhost:8000";

    /// <summary>http://localhost:8000, unless ASPNETCORE_URLS, --urls, ports or Kestrel endpoints are configured.</summary>
    public static WebApplicationBuilder AddListening(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var told = configuration[WebHostDefaults.ServerUrlsKey] ?? configuration[WebHostDefaults.HttpPortsKey] ??
            configuration[WebHostDefaults.HttpsPortsKey];
        if (string.IsNullOrEmpty(told) && !configuration.GetSection("Kestrel:Endpoints").Exists()) builder.WebHost.UseUrls(DefaultUrl);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        return builder;
    }
}
