using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Core.Watch;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Web.Sales;

/// <summary>
/// Brings the answers that the dashboard opens with into memory once the host has started, and runs the code that every answer needs,
/// so that the first caller of a new process waits for neither. Not ready until that is done, or until <see cref="Limit"/> is over: a
/// mart that is away must not keep the last good answers from being served.
/// </summary>
internal sealed partial class WarmUp(
    IKeyOwner owner, INewestMonth newestMonth, AccessTokens tokens, IOptionsMonitor<JwtBearerOptions> bearer, IOptions<CacheOptions> options,
    IHostApplicationLifetime lifetime, TimeProvider time, ILogger<WarmUp> logger) : IHostedLifecycleService, IHealthCheck
{
    /// <summary>The longest that it keeps a process from being ready.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private Task _warming = Task.CompletedTask;

    /// <summary>Completes when it is done, or has given up.</summary>
    public Task WhenDone => _warming;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        // Behind the start: the process listens already, and whoever asks now shares the same refresh.
        if (options.Value.WarmUp) _warming = Task.Run(WarmAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>The lifetime's stop has cancelled it.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _warming;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_warming.IsCompleted
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("the first answers are being read"));

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task WarmAsync()
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, lifetime.ApplicationStopping);
        try
        {
            await CheckATokenAsync();
            await Task.WhenAll(Enum.GetValues<Mart>().Select(mart => ReadAsync(mart, either.Token)));
        }
        catch (Exception error)
        {
            // Nothing depends on it: the first caller gets the same answer or the same failure, a little later.
            LogCold(error.Message);
        }
        // What the start needed and nobody needs any more goes now, while nobody waits, and not in the middle of the first answers.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
    }

    private async Task ReadAsync(Mart mart, CancellationToken cancellationToken)
    {
        if (await newestMonth.GetAsync(mart, cancellationToken) is not { } month) return;
        var answer = await owner.GetAsync(new(mart, SalesParameters.DefaultPrefix, month), CacheDemand.Default, cancellationToken);
        _ = CommonAnswer.Of(answer.Snapshot.Rows);
    }

    /// <summary>Nobody's token, checked and forgotten.</summary>
    private async Task CheckATokenAsync()
    {
        var scheme = bearer.Get(JwtBearerDefaults.AuthenticationScheme);
        var token = tokens.Issue(new User("nobody", "", [], Disabled: true, UserRules.NewStamp())).AccessToken;
        foreach (var handler in scheme.TokenHandlers) await handler.ValidateTokenAsync(token, scheme.TokenValidationParameters);
    }

    [LoggerMessage(1, LogLevel.Information, "The first answers could not be read beforehand: {Reason}")]
    private partial void LogCold(string reason);
}
