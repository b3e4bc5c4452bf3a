using System.Net;
using System.Net.Sockets;

namespace TransactionPipeline.Testing;

/// <summary>Finds ports for processes that must be told theirs.</summary>
internal static class Ports
{
    // Below those that outgoing connections and port 0 are given (32768 and up on Linux): what is free here stays so until the process
    // that is told of it listens. Test runs side by side begin at different places.
    private const int First = 12_000;
    private const int Count = 20_000;
    private static int _last = Environment.ProcessId * 100;

    /// <summary>A port of the loopback address that is free, and given to nobody else in this process.</summary>
    public static int Free()
    {
        while (true)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // The next one, then.
            }
        }
    }
}
