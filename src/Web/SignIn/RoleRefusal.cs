using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.Authorization.Policy;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.SignIn;

/// <summary>Lets a 403 name the role that is missing.</summary>
internal sealed class RoleRefusal : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler _default = new();

    public Task HandleAsync(
        RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        // Without this the framework's handler is called either way; most requests come through here allowed.
        if (authorizeResult.Succeeded) return next(context);
        var missing = authorizeResult.AuthorizationFailure?.FailedRequirements.OfType<RolesAuthorizationRequirement>().FirstOrDefault();
        if (authorizeResult.Forbidden && missing is not null)
            Problems.Explain(context, $"This needs the role {string.Join(" or ", missing.AllowedRoles)}, which your user does not have.");
        return _default.HandleAsync(next, context, policy, authorizeResult);
    }
}
