using System.Collections.Concurrent;
using AiInfra.Gateway.Tenants;
using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace AiInfra.Gateway.Tokens;

/// <summary>The tokens with which the gateway itself calls other services on a caller's behalf: made by OpenIddict in this process, and kept until they near their end.</summary>
internal sealed class ServiceTokenIssuer(
    IOpenIddictServerFactory factory, IOpenIddictServerDispatcher dispatcher, IOptionsMonitor<TokenOptions> options, TimeProvider time) : IDisposable
{
    private const string Self = "gateway";
    private const int MaxCached = 4096;

    private readonly ConcurrentDictionary<(Caller Caller, string Audience), IssuedToken> _issued = new();
    private IDisposable? _changes;

    /// <summary>A token for <paramref name="audience"/> that is good for a quarter of its life at least.</summary>
    /// <exception cref="InvalidOperationException">OpenIddict refused to make one.</exception>
    public async ValueTask<string> TokenForAsync(Caller caller, string audience)
    {
        var now = time.GetUtcNow();
        if (_issued.TryGetValue((caller, audience), out var issued) && issued.RenewAt > now)
        {
            return issued.Token;
        }

        // A key that was withdrawn signs nothing from now on, kept tokens included.
        _changes ??= options.OnChange(_ => _issued.Clear());
        if (_issued.Count >= MaxCached)
        {
            _issued.Clear();
        }

        var lifetime = options.CurrentValue.Lifetime;
        issued = new IssuedToken(await SignAsync(caller, audience, now, lifetime), now + (lifetime * 0.75));
        _issued[(caller, audience)] = issued;
        return issued.Token;
    }

    public void Dispose() => _changes?.Dispose();

    private async Task<string> SignAsync(Caller caller, string audience, DateTimeOffset now, TimeSpan lifetime)
    {
        var principal = ServicePrincipal.Of(caller, Self);
        principal.SetAudiences(audience).SetClaim(Claims.ClientId, Self).SetCreationDate(now).SetExpirationDate(now + lifetime);
        var context = new GenerateTokenContext(await factory.CreateTransactionAsync())
        {
            ClientId = Self,
            Principal = principal,
            TokenFormat = TokenFormats.Private.JsonWebToken,
            TokenType = TokenTypeIdentifiers.AccessToken,
        };
        await dispatcher.DispatchAsync(context);
        return context.Token ?? throw new InvalidOperationException($"No service token could be made: {context.Error} {context.ErrorDescription}");
    }

    private sealed record IssuedToken(string Token, DateTimeOffset RenewAt);
}
