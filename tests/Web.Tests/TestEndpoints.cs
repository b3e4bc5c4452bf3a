using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.Tests;

/// <summary>
/// Endpoints beside the app's own, under its whole pipeline: <c>/test/ROLE</c> needs that role and answers who called,
/// <c>/test/throw</c> throws. Also gives each request the address that <see cref="WebAppFixture.AddressHeader"/> names.
/// </summary>
internal sealed class TestEndpoints : IStartupFilter
{
    public const string Secret = "Host=db.internal; SELECT password";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, following) =>
        {
            context.Connection.RemoteIpAddress = IPAddress.Parse(
                context.Request.Headers[WebAppFixture.AddressHeader].FirstOrDefault() ?? "127.0.0.1");
            // Routing leaves an endpoint alone that is already chosen.
            if (context.Request.Path.StartsWithSegments("/test", StringComparison.Ordinal, out var rest)) context.SetEndpoint(EndpointOf(rest.Value!.TrimStart('/')));
            return following(context);
        });
        next(app);
    };

    private static Endpoint? EndpointOf(string name) => name switch
    {
        "throw" => new Endpoint(_ => throw new InvalidOperationException(Secret), new(new AllowAnonymousAttribute()), name),
        "bad" => new Endpoint(_ => throw new BadHttpRequestException(Secret, 413), new(new AllowAnonymousAttribute()), name),
        _ when Roles.All.Contains(name, StringComparer.Ordinal) => new Endpoint(
            context => context.Response.WriteAsync(context.User.Identity!.Name!), new(new AuthorizeAttribute(name)), name),
        _ => null,
    };
}
