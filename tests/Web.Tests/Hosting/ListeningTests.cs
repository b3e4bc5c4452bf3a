using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.Tests.Hosting;

public sealed class ListeningTests
{
    [Theory]
    [InlineData(null, null, "http://localhost:8000")]
    [InlineData("urls", "http://127.0.0.1:9000", "http://127.0.0.1:9000")]
    [InlineData("http_ports", "8080", null)]
    [InlineData("Kestrel:Endpoints:Main:Url", "http://127.0.0.1:9000", null)]
    public void AddListening_Configured_IsLeftAlone(string? setting, string? value, string? expected)
    {
        var builder = WebApplication.CreateBuilder();
        if (setting is not null) builder.Configuration[setting] = value;

        builder.AddListening();

        Assert.Equal(expected, builder.WebHost.GetSetting(WebHostDefaults.ServerUrlsKey));
    }
}
