using AiInfra.ServiceDefaults.ServiceTokens;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace AiInfra.Gateway.Tokens;

/// <summary>The issuer is a name, <see cref="ServiceTokenClaims.Issuer"/>, and stays as it is written: OpenIddict would add a slash, as addresses have it.</summary>
internal sealed class IssuerName : IOpenIddictServerHandler<GenerateTokenContext>, IOpenIddictServerHandler<ApplyConfigurationResponseContext>
{
    public ValueTask HandleAsync(GenerateTokenContext context)
    {
        context.Principal.SetClaim(Claims.Private.Issuer, ServiceTokenClaims.Issuer);
        return default;
    }

    public ValueTask HandleAsync(ApplyConfigurationResponseContext context)
    {
        context.Response[Metadata.Issuer] = ServiceTokenClaims.Issuer;
        return default;
    }
}
