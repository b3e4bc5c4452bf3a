using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace TransactionPipeline.Silo.Hosting;

/// <summary>Lets a silo listen as Kestrel does, alone on its ports.</summary>
internal static class ExclusiveListening
{
    /// <summary>
    /// Orleans' own listener lets any number of processes listen on one port (on Linux it sets SO_REUSEPORT), and the kernel then deals the
    /// connections out among silos that know nothing of each other. Kestrel's refuses the second with <see cref="AddressInUseException"/>.
    /// </summary>
    public static ISiloBuilder ListenExclusively(this ISiloBuilder silo)
    {
        // For silos and for clients; the keys are Orleans' own and known from its registrations only.
        var listeners = silo.Services.Where(service => service.IsKeyedService && service.ServiceType == typeof(IConnectionListenerFactory)).ToList();
        silo.Services.TryAddSingleton<SocketTransportFactory>();
        silo.Services.TryAddSingleton<Listeners>();
        foreach (var listener in listeners)
        {
            silo.Services.Remove(listener);
            silo.Services.AddKeyedSingleton<IConnectionListenerFactory>(listener.ServiceKey, static (services, _) => services.GetRequiredService<Listeners>());
        }
        return silo;
    }

    /// <summary>Gives the ports up with the host: a silo whose start failed half-way lets its first port go by no other way.</summary>
    private sealed class Listeners(SocketTransportFactory sockets) : IConnectionListenerFactory, IAsyncDisposable
    {
        private readonly List<IConnectionListener> _bound = [];

        public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            var listener = await sockets.BindAsync(endpoint, cancellationToken);
            lock (_bound) _bound.Add(listener);
            return listener;
        }

        public async ValueTask DisposeAsync()
        {
            List<IConnectionListener> bound;
            lock (_bound) bound = [.. _bound];
            foreach (var listener in bound) await listener.UnbindAsync(CancellationToken.None);
        }
    }
}
