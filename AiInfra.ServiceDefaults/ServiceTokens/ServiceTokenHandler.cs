using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace AiInfra.ServiceDefaults.ServiceTokens;

/// <summary>
/// Puts a token for the called service on each request: while a caller's request is handled, one on the caller's behalf, else one of the
/// service's own. What the caller sent in headers plays no part.
/// </summary>
internal sealed class ServiceTokenHandler(IServiceTokenSource tokens, IHttpContextAccessor accessor, string audience) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await tokens.GetAsync(audience, SubjectToken(), cancellationToken));
        return await base.SendAsync(request, cancellationToken);
    }

    // Only a token that was validated, and so is known to be meant for this service, speaks for its caller.
    private string? SubjectToken()
    {
        const string Scheme = "Bearer ";
        return accessor.HttpContext is { User.Identity.IsAuthenticated: true } context
            && context.Request.Headers[HeaderNames.Authorization] is [{ } value]
            && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
                ? value[Scheme.Length..]
                : null;
    }
}
