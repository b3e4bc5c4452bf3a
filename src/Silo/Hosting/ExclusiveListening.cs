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
        foreach (var listener in listeners)
        {
            silo.Services.Remove(listener);
            silo.Services.AddKeyedSingleton<IConnectionListenerFactory>(listener.ServiceKey, static (services, _) => services.GetRequiredService<SocketTransportFactory>());
        }
        return silo;
    }
}
