using System.Net;
using System.Net.Sockets;

namespace TransactionPipeline.Core.Tests.Faults;

/// <summary>
/// Stands between a client and a server on the loopback address, and does to the line what networks do. A change of <see cref="Fault"/>
/// counts for the connections that are open, too.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Link> _links = [];
    private readonly IPEndPoint _server;
    private TcpListener? _listener;
    private Task _accepting = Task.CompletedTask;
    private volatile TcpFault _fault = TcpFault.None;

    public TcpProxy(int serverPort)
    {
        _server = new IPEndPoint(IPAddress.Loopback, serverPort);
        Open(0);
    }

    public int Port { get; private set; }


    private long _fromServer;
    private long _fromClient;

    public TcpFault Fault
    {
        get => _fault;
        set
        {
            if (value == TcpFault.Refuse) Close();
            else if (_listener is null) Open(Port);
            _fault = value;
            if (value is TcpFault.Reset or TcpFault.Refuse) ResetAll();
        }
    }

    /// <summary>Resets the connection that carries the byte after <paramref name="bytes"/> more from the server.</summary>
    public void CutServerAfter(long bytes)
    {
        Interlocked.Exchange(ref _fromServer, bytes);
        _fault = TcpFault.CutServer;
    }

    /// <summary>The same, of bytes from the client.</summary>
    public void CutClientAfter(long bytes)
    {
        Interlocked.Exchange(ref _fromClient, bytes);
        _fault = TcpFault.CutClient;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Close();
        ResetAll();
        await _accepting;
        _stopping.Dispose();
    }

    private void Open(int port)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync(_listener);
    }

    private void Close()
    {
        _listener?.Dispose();
        _listener = null;
    }

    private void ResetAll()
    {
        lock (_links)
        {
            foreach (var link in _links) link.Reset();
            _links.Clear();
        }
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync(_stopping.Token);
                if (_fault == TcpFault.Reset)
                {
                    new Link(client, client).Reset();
                    continue;
                }
                var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(_server, _stopping.Token);
                var link = new Link(client, server);
                lock (_links) _links.Add(link);
                _ = PumpAsync(client, server, link, fromServer: false);
                _ = PumpAsync(server, client, link, fromServer: true);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The listener was closed.
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Link link, bool fromServer)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                var slow = _fault == TcpFault.OneByteASecond && fromServer;
                var read = await from.ReceiveAsync(buffer.AsMemory(0, slow ? 1 : buffer.Length), SocketFlags.None, _stopping.Token);
                if (read == 0) break;
                // What comes while the line is a black hole is gone for good.
                if (_fault == TcpFault.Blackhole) continue;
                if (slow) await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, _stopping.Token);
                if (Cuts(fromServer, read, out var last))
                {
                    await to.SendAsync(buffer.AsMemory(0, last), SocketFlags.None, _stopping.Token);
                    link.Reset();
                    break;
                }
                await to.SendAsync(buffer.AsMemory(0, read), SocketFlags.None, _stopping.Token);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // Either side is gone, and takes the other with it.
        }
        link.Close();
    }

    private bool Cuts(bool fromServer, int read, out int last)
    {
        last = 0;
        if (_fault != (fromServer ? TcpFault.CutServer : TcpFault.CutClient)) return false;
        var left = fromServer ? Interlocked.Add(ref _fromServer, -read) : Interlocked.Add(ref _fromClient, -read);
        if (left > 0) return false;
        last = (int)Math.Max(0, read + left);
        // Once: what connects afterwards finds the line whole.
        _fault = TcpFault.None;
        return true;
    }

    private sealed class Link(Socket client, Socket server)
    {
        public void Reset()
        {
            // Lingering for no time turns the close into a reset.
            foreach (var socket in new[] { client, server })
            {
                try
                {
                    socket.LingerState = new LingerOption(enable: true, seconds: 0);
                }
                catch (Exception closed) when (closed is ObjectDisposedException or SocketException)
                {
                    // Closed already.
                }
            }
            Close();
        }

        public void Close()
        {
            client.Dispose();
            server.Dispose();
        }
    }
}

/// <summary>What happens on the line.</summary>
public enum TcpFault
{
    /// <summary>Nothing: it works.</summary>
    None,

    /// <summary>Nobody listens.</summary>
    Refuse,

    /// <summary>Connections are reset, old ones and new ones.</summary>
    Reset,

    /// <summary>Bytes vanish, and nothing is said.</summary>
    Blackhole,

    /// <summary>The server's bytes come one a second.</summary>
    OneByteASecond,

    /// <summary>Reset in the middle of what the server sends.</summary>
    CutServer,

    /// <summary>Reset in the middle of what the client sends.</summary>
    CutClient,
}
