using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace AiInfra.Gateway.Tokens;

/// <summary>
/// What OpenIddict asks the platform: which clients there are, and what a token says. Client credentials give a service a token of its
/// own; token exchange (RFC 8693) gives it one on behalf of a caller whose token it was sent.
/// </summary>
internal sealed class TokenServer(IOptionsMonitor<TokenOptions> options) : IOpenIddictServerHandler<ValidateTokenRequestContext>, IOpenIddictServerHandler<HandleTokenRequestContext>
{
    public ValueTask HandleAsync(ValidateTokenRequestContext context)
    {
        var request = context.Request;
        if (options.CurrentValue.Clients.FirstOrDefault(client => client.Id == request.ClientId) is not { } client || !HasSecret(client, request.ClientSecret))
        {
            context.Reject(Errors.InvalidClient, "The client is unknown or its secret is wrong.");
        }
        else if (AudienceOf(request) is not { } audience || !client.Audiences.Contains(audience))
        {
            context.Reject(Errors.InvalidTarget, "One 'audience' (token exchange) or 'resource' (http://name) is required, and it must be a service that the client may call.");
        }
        else if (request.IsTokenExchangeGrantType() && !client.MayAct)
        {
            context.Reject(Errors.UnauthorizedClient, "The client may not act on behalf of others.");
        }
        else if (context.SubjectTokenPrincipal is { } subject && !subject.HasAudience(client.Id))
        {
            // Or a service could make use of a token that it merely got hold of.
            context.Reject(Errors.InvalidGrant, "The subject token was not issued for the client.");
        }

        return default;
    }

    public ValueTask HandleAsync(HandleTokenRequestContext context)
    {
        var (request, subject) = (context.Request, context.SubjectTokenPrincipal);
        var principal = subject is null ? ServicePrincipal.OfService(request.ClientId!) : ServicePrincipal.OnBehalf(subject, request.ClientId!);
        if (request.GetScopes() is { Length: > 0 } wanted)
        {
            // Less than the caller has may be asked for, never more.
            principal.SetScopes(wanted.Intersect(principal.GetScopes()));
        }

        context.SignIn(ServicePrincipal.For(principal, AudienceOf(request)!));
        return default;
    }

    // By its name in a token exchange (RFC 8693), by its address in service discovery otherwise (RFC 8707): http://memory.
    private static string? AudienceOf(OpenIddictRequest request) => (request.Audiences, request.Resources) switch
    {
        ([{ Length: > 0 } audience], null or []) => audience,
        (null or [], [{ } resource]) when Uri.TryCreate(resource, UriKind.Absolute, out var uri) && resource == $"http://{uri.Host}" => uri.Host,
        _ => null,
    };

    private static bool HasSecret(TokenClientOptions client, string? presented) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(client.Secret)), SHA256.HashData(Encoding.UTF8.GetBytes(presented ?? "")));
}
