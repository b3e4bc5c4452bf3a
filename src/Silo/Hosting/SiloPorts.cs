using System.Net;
using System.Net.Sockets;

namespace TransactionPipeline.Silo.Hosting;

/// <summary>The ports of a silo outside Kubernetes, where several may run side by side that know nothing of each other.</summary>
internal static class SiloPorts
{
    /// <summary>The configured port if it is free on the loopback address, else one that is.</summary>
    public static int FreeOr(int configured) => TryListen(configured) ?? TryListen(0)!.Value;

    private static int? TryListen(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException) when (port != 0)
        {
            return null;
        }
    }
}
