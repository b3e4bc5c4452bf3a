using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using TransactionPipeline.Silo.Hosting;

namespace TransactionPipeline.Silo.Tests.Hosting;

/// <summary>A silo's ports are its own.</summary>
public sealed class ExclusiveListeningTests
{
    [Fact]
    public async Task Bind_PortThatAnotherSiloListensOn_IsRefusedUntilThatOneGoes()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.UseOrleans(silo => silo.UseLocalhostClustering().ListenExclusively());
        var keys = builder.Services.Where(service => service.IsKeyedService && service.ServiceType == typeof(IConnectionListenerFactory))
            .Select(service => service.ServiceKey).ToList();
        var host = builder.Build();
        // One for silos, one for clients.
        Assert.Equal(2, keys.Distinct().Count());
        var factories = keys.ConvertAll(host.Services.GetRequiredKeyedService<IConnectionListenerFactory>);
        var port = new IPEndPoint(IPAddress.Loopback, Ports.Free());

        await using (await factories[0].BindAsync(port))
        {
            foreach (var factory in factories) await Assert.ThrowsAsync<AddressInUseException>(async () => await factory.BindAsync(port));
        }
        // Nobody stops a silo that did not start.
        Assert.Equal(port, (await factories[1].BindAsync(port)).EndPoint);
        await Assert.IsAssignableFrom<IAsyncDisposable>(host).DisposeAsync();
        using var free = new TcpListener(port);
        free.Start();
    }
}
