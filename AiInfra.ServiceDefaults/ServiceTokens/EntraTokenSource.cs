using Microsoft.Extensions.Options;
using Microsoft.Identity.Abstractions;

namespace AiInfra.ServiceDefaults.ServiceTokens;

/// <summary>Tokens of Entra ID, by Microsoft.Identity.Web, which caches and renews them: section <c>AzureAd</c>.</summary>
internal sealed class EntraTokenSource(IAuthorizationHeaderProvider provider, IOptions<ServiceTokenOptions> options) : IServiceTokenSource
{
    private const string Scheme = "Bearer ";

    public async ValueTask<string> GetAsync(string audience, string? subjectToken, CancellationToken cancellationToken)
    {
        var scope = options.Value.Scopes.TryGetValue(audience, out var named)
            ? named
            : throw new HttpRequestException($"ServiceTokens:Scopes:{audience} is not set: with Entra ID it says what stands for the service '{audience}'.");
        // On behalf of a caller Microsoft.Identity.Web takes the caller's token from the request itself.
        var header = subjectToken is null
            ? await provider.CreateAuthorizationHeaderForAppAsync(scope, cancellationToken: cancellationToken)
            : await provider.CreateAuthorizationHeaderForUserAsync([scope], cancellationToken: cancellationToken);
        return header[Scheme.Length..];
    }
}
