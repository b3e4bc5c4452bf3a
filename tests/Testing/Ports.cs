using System.Net;
using System.Net.Sockets;

namespace TransactionPipeline.Testing;

/// <summary>Finds ports for processes that must be told theirs.</summary>
internal static class Ports
{
    /// <summary>A port of the loopback address that was free a moment ago.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
