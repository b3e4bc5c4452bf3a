using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.SignIn;

/// <summary>Who calls, and what they may do: bearer tokens for programs, a cookie for the dashboard, one policy for each role.</summary>
public static class SignInFeature
{
    /// <summary>Adds users, sign-in and the policies, named as the roles: <c>RequireAuthorization(Roles.Viewer)</c>.</summary>
    public static IHostApplicationBuilder AddSignIn(this IHostApplicationBuilder builder)
    {
        builder.AddUsers();
        builder.Services.AddOptions<SecurityOptions>()
            .Validate(o => o.TokenMinutes > 0, "security__token_minutes must be more than 0.")
            .Validate(o => o.Throttle.FailuresPerUser > 0, "security__throttle__failures_per_user must be more than 0.")
            .Validate(o => o.Throttle.FailuresPerAddress > 0, "security__throttle__failures_per_address must be more than 0.")
            .Validate(o => o.Throttle.WindowMinutes > 0, "security__throttle__window_minutes must be more than 0.");
        AddSchemes(builder.Services);
        AddPolicies(builder.Services.AddAuthorizationBuilder());
        AddProtection(builder.Services);
        builder.Services.AddSingleton<SignInThrottle>().AddSingleton<PasswordSignIn>().AddSingleton<LoginPage>();
        builder.Services.AddHostedService<DevelopmentAdmin>();
        return builder;
    }

    /// <summary>Adds the users alone, as the command line needs them: no secret, no web.</summary>
    public static IHostApplicationBuilder AddUsers(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        builder.AddStores();
        services.AddSingleton<UserAdministration>();
        services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        // OWASP's figure for PBKDF2 with SHA-512; ASP.NET's default is half of it.
        services.Configure<PasswordHasherOptions>(options => options.IterationCount = 210_000);
        return builder;
    }

    /// <summary>Checks the secret and the other settings, then puts authentication, authorization and the forms' check into the pipeline.</summary>
    public static IApplicationBuilder UseSignIn(this IApplicationBuilder app)
    {
        // Now, not at the first sign-in: with a bad secret or setting the app must not even start.
        try
        {
            app.ApplicationServices.GetRequiredService<TokenKey>();
        }
        catch (OptionsValidationException invalid)
        {
            throw new StartRefusedException($"Refusing to start: {string.Join(' ', invalid.Failures)}");
        }
        return app.UseAuthentication().UseAuthorization().UseAntiforgery();
    }

    /// <summary>Maps /token, /login and /logout.</summary>
    public static IEndpointRouteBuilder MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapToken();
        routes.MapLogin();
        return routes;
    }

    private static void AddSchemes(IServiceCollection services)
    {
        services.AddSingleton(provider => TokenKey.Resolve(
            provider.GetRequiredService<IOptions<SecurityOptions>>().Value,
            provider.GetRequiredService<IHostEnvironment>(),
            provider.GetRequiredService<StateOptions>(),
            provider.GetRequiredService<ILogger<TokenKey>>()));
        services.AddSingleton<AccessTokens>().AddSingleton<UserSessions>();
        services.ConfigureOptions<BearerSetup>().ConfigureOptions<CookieSetup>();
        // Bearer is the default and itself hands over to the cookie (SignInSchemes): one handler less for each request.
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer().AddCookie();
    }

    private static void AddPolicies(AuthorizationBuilder policies)
    {
        foreach (var role in Roles.All) policies.AddPolicy(role, policy => policy.RequireRole(role));
        policies.Services.AddSingleton<IAuthorizationMiddlewareResultHandler, RoleRefusal>();
    }

    private static void AddProtection(IServiceCollection services)
    {
        // Cookies and forms survive a restart, and count at every replica that shares the store.
        services.AddDataProtection().SetApplicationName("transaction-pipeline");
        services.AddSingleton<KeysInState>();
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider =>
            provider.GetRequiredService<SharedStore>().Postgres is { } postgres
                ? new ConfigureOptions<KeyManagementOptions>(options => options.XmlRepository = new KeysInPostgres(postgres))
                : provider.GetRequiredService<KeysInState>());
        // It says at information level that a key is made, and warns that it is not encrypted: the directory's mode is what guards it.
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error));
        services.AddAntiforgery(options =>
        {
            options.FormFieldName = "form_token";
            options.Cookie.Name = "transaction_pipeline_form";
            options.Cookie.HttpOnly = true;
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
    }
}
