using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.SignIn;

/// <summary>Slows down guessing: failures are counted for each user name and for each address.</summary>
/// <remarks>
/// Behind a proxy every address is the proxy's until ASPNETCORE_FORWARDEDHEADERS_ENABLED=true says that its headers can be trusted.
/// The counts are this process's own: n replicas let in n times as many.
/// </remarks>
internal sealed class SignInThrottle(IOptions<SecurityOptions> options, TimeProvider time)
{
    private readonly FailureWindow _users =
        new(options.Value.Throttle.FailuresPerUser, TimeSpan.FromMinutes(options.Value.Throttle.WindowMinutes), time);

    private readonly FailureWindow _addresses =
        new(options.Value.Throttle.FailuresPerAddress, TimeSpan.FromMinutes(options.Value.Throttle.WindowMinutes), time);

    /// <summary>Counts an attempt as failed until <see cref="Succeeded"/>; false with the time to wait when there were too many.</summary>
    public bool TryBegin(string user, IPAddress? address, out TimeSpan wait)
    {
        if (!_addresses.TryBegin(KeyOf(address), out wait)) return false;
        if (_users.TryBegin(KeyOf(user), out wait)) return true;
        // Asking again for a locked name costs no hash and tells nothing, so it does not lock the address too.
        _addresses.TakeBack(KeyOf(address));
        return false;
    }

    public void Succeeded(string user, IPAddress? address)
    {
        _users.TakeBack(KeyOf(user));
        _addresses.TakeBack(KeyOf(address));
    }

    // Nobody has such a name, so they may share one count; the memory of a count is bounded too.
    private static string KeyOf(string user) => user.Length <= UserRules.MaxNameLength ? user : "(too long)";

    private static string KeyOf(IPAddress? address)
    {
        if (address is null) return "";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address.ToString();
        // Whoever has one IPv6 address has the 2^64 of its network.
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return Convert.ToHexString(bytes[..8]);
    }
}
