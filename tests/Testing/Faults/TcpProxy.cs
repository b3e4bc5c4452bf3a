using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TransactionPipeline.Testing;

/// <summary>
/// Stands between a client and a server on the loopback address, and does to the line what networks do. A change of <see cref="Fault"/>
/// counts for the connections that are open, too.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Link> _links = [];
    private readonly ConcurrentDictionary<string, TcpFault> _faultsOfSome = new(StringComparer.Ordinal);
    private readonly IPEndPoint _server;
    private TcpListener? _listener;
    private Task _accepting = Task.CompletedTask;
    private TaskCompletionSource _changed = NewSignal();
    private TaskCompletionSource _closed = NewSignal();
    private volatile TcpFault _fault = TcpFault.None;
    private volatile byte[]? _silenced;
    private Tuple<byte[], TaskCompletionSource>? _awaited;
    private long _fromServer;
    private long _fromClient;

    public TcpProxy(int serverPort)
    {
        _server = new IPEndPoint(IPAddress.Loopback, serverPort);
        Open(0);
    }

    public int Port { get; private set; }

    public TcpFault Fault
    {
        get => _fault;
        set
        {
            if (value == TcpFault.Refuse) Close();
            else if (_listener is null) Open(Port);
            _fault = value;
            Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();
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

    /// <summary>A black hole for those connections only whose client says <paramref name="text"/>, from the moment that it says so.</summary>
    public void Silence(string text) => _silenced = Encoding.ASCII.GetBytes(text);

    /// <summary>
    /// <see cref="TcpFault.Reset"/> or <see cref="TcpFault.Blackhole"/> for those connections only, old ones and new ones, whose client began
    /// by saying <paramref name="text"/>, as a PostgreSQL client says its user's name; <see cref="TcpFault.None"/> ends it.
    /// </summary>
    public void SetFaultOf(string text, TcpFault fault)
    {
        if (fault == TcpFault.None) _faultsOfSome.TryRemove(text, out _);
        else _faultsOfSome[text] = fault;
        if (fault != TcpFault.Reset) return;
        Link[] links;
        lock (_links) links = [.. _links.Where(link => link.Began(text))];
        foreach (var link in links) End(link, reset: true);
    }

    /// <summary>Lets every connection be heard again.</summary>
    public void EndSilence() => _silenced = null;

    /// <summary>Ends once a client has said <paramref name="text"/>, and the server has been sent it.</summary>
    public async Task WhenClientSaysAsync(string text)
    {
        var said = NewSignal();
        _awaited = Tuple.Create(Encoding.ASCII.GetBytes(text), said);
        try
        {
            await said.Task.WaitAsync(Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"No client said within {Patience.TotalSeconds} s: {text}", late);
        }
    }

    /// <summary>Ends once at most so many connections are open.</summary>
    public async Task WaitForAtMostAsync(int connections)
    {
        while (true)
        {
            Task closed;
            int open;
            lock (_links) (open, closed) = (_links.Count, _closed.Task);
            if (open <= connections) return;
            try
            {
                await closed.WaitAsync(Patience);
            }
            catch (TimeoutException late)
            {
                throw new TimeoutException($"{open} connections are still open after {Patience.TotalSeconds} s, not {connections}", late);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Close();
        ResetAll();
        await _accepting;
        _stopping.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

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
        Link[] links;
        lock (_links) links = [.. _links];
        foreach (var link in links) End(link, reset: true);
    }

    private void End(Link link, bool reset = false)
    {
        if (reset) link.Reset();
        else link.Close();
        lock (_links)
            if (!_links.Remove(link)) return;
        Interlocked.Exchange(ref _closed, NewSignal()).TrySetResult();
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
                await ConnectAsync(client);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The listener was closed.
        }
    }

    private async Task ConnectAsync(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var link = new Link(client, server);
        try
        {
            await server.ConnectAsync(_server, _stopping.Token);
        }
        catch (SocketException)
        {
            // As the server itself would have it.
            link.Reset();
            return;
        }
        lock (_links) _links.Add(link);
        // A fault that was set while this one connected has reset all others already.
        if (_fault is TcpFault.Reset or TcpFault.Refuse) End(link, reset: true);
        _ = PumpAsync(client, server, link, fromServer: false);
        _ = PumpAsync(server, client, link, fromServer: true);
    }

    private async Task PumpAsync(Socket from, Socket to, Link link, bool fromServer)
    {
        var buffer = new byte[16 * 1024];
        var reset = false;
        try
        {
            while (!reset)
            {
                var read = await from.ReceiveAsync(buffer, SocketFlags.None, _stopping.Token);
                if (read == 0) break;
                if (!fromServer) link.Hear(buffer.AsSpan(0, read));
                var faultOfSome = FaultOf(link);
                if (faultOfSome == TcpFault.Reset)
                {
                    reset = true;
                    break;
                }
                var said = !fromServer && _awaited is var (text, one) && buffer.AsSpan(0, read).IndexOf(text) >= 0 ? one : null;
                if (!fromServer && _silenced is { } words && buffer.AsSpan(0, read).IndexOf(words) >= 0) link.IsSilenced = true;
                // What comes while the line is a black hole is gone for good.
                if (_fault == TcpFault.Blackhole || faultOfSome == TcpFault.Blackhole || (link.IsSilenced && _silenced is not null)) continue;
                reset = Cuts(fromServer, read, out var last);
                await SendAsync(to, buffer.AsMemory(0, reset ? last : read), fromServer);
                said?.TrySetResult();
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // Either side is gone, and takes the other with it.
        }
        End(link, reset);
    }

    private TcpFault FaultOf(Link link) =>
        _faultsOfSome.IsEmpty ? TcpFault.None : _faultsOfSome.FirstOrDefault(some => link.Began(some.Key)).Value;

    private async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, bool fromServer)
    {
        while (bytes.Length > 0)
        {
            var changed = _changed.Task;
            var slow = _fault == (fromServer ? TcpFault.OneByteASecond : TcpFault.OneByteASecondToServer);
            if (slow) await Task.WhenAny(changed, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, _stopping.Token));
            var sent = await to.SendAsync(slow ? bytes[..1] : bytes, SocketFlags.None, _stopping.Token);
            bytes = bytes[sent..];
        }
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
        private volatile byte[]? _beginning;

        public bool IsSilenced { get; set; }

        /// <summary>Remembers what the client said first.</summary>
        public void Hear(ReadOnlySpan<byte> said) => _beginning ??= said.ToArray();

        public bool Began(string text) => _beginning is { } beginning && beginning.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text)) >= 0;

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
