using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Server;

namespace AiInfra.Gateway.Tokens;

/// <summary>
/// Gives OpenIddict the keys as they are configured now: the first signs, both are published and accepted. Without any, one is drawn,
/// for gateways that no service trusts.
/// </summary>
internal sealed class TokenServerOptions(IOptionsMonitor<TokenOptions> options) : IConfigureOptions<OpenIddictServerOptions>
{
    public void Configure(OpenIddictServerOptions server)
    {
        var tokens = options.CurrentValue;
        var keys = new[] { tokens.SigningKey, tokens.SecondKey }.Where(key => !string.IsNullOrEmpty(key)).Distinct().Select(key => SigningKey.Import(key!)).ToList();
        server.SigningCredentials.AddRange((keys.Count > 0 ? keys : [ECDsa.Create(ECCurve.NamedCurves.nistP256)]).Select(SigningKey.CredentialsOf));
        // OpenIddict wants one to be there; access tokens, the only ones issued here, are signed and not encrypted.
        server.EncryptionCredentials.Add(new EncryptingCredentials(
            new SymmetricSecurityKey(RandomNumberGenerator.GetBytes(32)), SecurityAlgorithms.Aes256KW, SecurityAlgorithms.Aes256CbcHmacSha512));
        server.AccessTokenLifetime = server.IssuedTokenLifetime = tokens.Lifetime;
    }
}

/// <summary>Lets OpenIddict read its options again when the keys change; only then, as its options are made from theirs.</summary>
internal sealed class TokenServerChange : IOptionsChangeTokenSource<OpenIddictServerOptions>, IDisposable
{
    private readonly IDisposable? _changes;
    private CancellationTokenSource _changed = new();

    public TokenServerChange(IOptionsMonitor<TokenOptions> options) =>
        _changes = options.OnChange(_ => Interlocked.Exchange(ref _changed, new CancellationTokenSource()).Cancel());

    public string Name => Options.DefaultName;

    public IChangeToken GetChangeToken() => new CancellationChangeToken(_changed.Token);

    public void Dispose()
    {
        _changes?.Dispose();
        _changed.Dispose();
    }
}
