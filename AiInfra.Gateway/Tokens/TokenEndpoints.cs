using System.Text.Json.Serialization;
using AiInfra.ServiceDefaults.Listeners;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Tokens;

/// <summary>What a service needs to check the tokens: the discovery document and the public keys, on the internal listener.</summary>
internal static class TokenEndpoints
{
    public static void AddServiceTokenIssuer(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<TokenOptions>().BindConfiguration(TokenOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<TokenOptions>, TokenOptionsValidator>();
        builder.Services.AddSingleton<ServiceTokenIssuer>();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, TokenJson.Default));
    }

    public static void MapServiceTokenKeys(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/.well-known").RequireListener(ListenerNames.Internal);
        group.MapGet("/openid-configuration", GetConfiguration);
        group.MapGet("/jwks.json", GetKeys);
    }

    private static Ok<DiscoveryDocument> GetConfiguration(HttpRequest request) => TypedResults.Ok(new DiscoveryDocument(
        ServiceTokenClaims.Issuer, $"{request.Scheme}://{request.Host}/.well-known/jwks.json", ["token"], ["public"], ["ES256"]));

    private static Ok<KeySet> GetKeys(ServiceTokenIssuer issuer) => TypedResults.Ok(new KeySet(
        issuer.PublicKey is { } key ? [new PublicKey(key.Kty, key.Crv, key.X, key.Y, key.Use, key.Alg, key.KeyId)] : []));
}

/// <summary>OpenID Connect discovery, the part that verifiers read.</summary>
internal sealed record DiscoveryDocument(
    [property: JsonPropertyName("issuer")] string Issuer,
    [property: JsonPropertyName("jwks_uri")] string JwksUri,
    [property: JsonPropertyName("response_types_supported")] string[] ResponseTypes,
    [property: JsonPropertyName("subject_types_supported")] string[] SubjectTypes,
    [property: JsonPropertyName("id_token_signing_alg_values_supported")] string[] SigningAlgorithms);

internal sealed record KeySet(PublicKey[] Keys);

/// <summary>A JSON web key (RFC 7517) without its private part.</summary>
internal sealed record PublicKey(string Kty, string Crv, string X, string Y, string Use, string Alg, string Kid);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DiscoveryDocument))]
[JsonSerializable(typeof(KeySet))]
internal sealed partial class TokenJson : JsonSerializerContext;
