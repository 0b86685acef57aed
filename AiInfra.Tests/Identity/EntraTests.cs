using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Policies;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Telemetry;
using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Tokens;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Identity.Web;

namespace AiInfra.Tests.Identity;

/// <summary>With Entra ID configured Microsoft.Identity.Web checks callers' tokens and gets the services' own; here against an authority of its shape.</summary>
public sealed class EntraTests
{
    private static readonly (string Name, string Value)[] Directory =
        [("AzureAd:Instance", EntraAuthority.Instance), ("AzureAd:TenantId", EntraAuthority.TenantId)];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_caller_with_a_token_of_the_configured_directory_is_let_in_under_the_policy_of_its_role()
    {
        await using var authority = await EntraAuthority.StartAsync();
        await using var gateway = Gateway(authority);

        var (caller, error) = await FindAsync(gateway, authority.Token());
        Assert.Null(error);
        Assert.Equal(("jwt:ada-object-id", EntraAuthority.TenantId, "ada-object-id", "dev"), (caller!.KeyId, caller.Tenant, caller.User, caller.Policy));
        var refused = new Dictionary<string, string>
        {
            ["another audience"] = authority.Token(token => token.Audience = "api://other"),
            ["another directory"] = authority.Token(token => token.Issuer = $"{EntraAuthority.Instance}99999999-2222-3333-4444-555555555555/v2.0"),
            ["an issuer that is not Entra"] = authority.Token(token => token.Issuer = $"https://elsewhere/{EntraAuthority.TenantId}/v2.0"),
            ["expired"] = authority.Token(token => (token.NotBefore, token.IssuedAt, token.Expires) = (DateTime.UtcNow.AddHours(-3), DateTime.UtcNow.AddHours(-3), DateTime.UtcNow.AddHours(-2))),
            ["neither role nor scope"] = authority.Token(token => token.Claims!.Remove("roles")),
        };
        foreach (var (what, token) in refused)
        {
            var answer = await FindAsync(gateway, token);
            Assert.True(answer.Error?.Status == 401, $"{what}: {answer}");
        }

        Assert.Equal(403, (await FindAsync(gateway, authority.Token(token => token.Claims!["roles"] = new[] { "guests" }))).Error!.Status);
    }

    [Fact]
    public async Task A_services_own_token_comes_from_Entra_once_and_is_kept()
    {
        await using var authority = await EntraAuthority.StartAsync();
        await using var service = await TrustingService.StartAsync(
            new Uri("http://127.0.0.1:9"),
            services => services.ConfigureHttpClientDefaults(http => http.ConfigurePrimaryHttpMessageHandler(authority.Route)),
            [.. Directory, ("AzureAd:ClientId", "memory-client"), ("AzureAd:ClientCredentials:0:SourceType", "ClientSecret"),
                ("AzureAd:ClientCredentials:0:ClientSecret", "a secret"), ("ServiceTokens:Scopes:gateway", "api://gateway/.default")]);
        var source = service.Services.GetRequiredService<IServiceTokenSource>();

        var first = await source.GetAsync("gateway", null, Cancelled);
        var second = await source.GetAsync("gateway", null, Cancelled);

        Assert.Equal(first, second);
        Assert.Equal(["api://gateway"], TokenGateway.Read(first).Audiences);
        var asked = Assert.Single(authority.Asked);
        Assert.Equal(("client_credentials", "api://gateway/.default", "memory-client"), (asked["grant_type"], asked["scope"].Split(' ')[0], asked["client_id"]));
        await Assert.ThrowsAsync<HttpRequestException>(async () => await source.GetAsync("vllm", null, Cancelled));
    }

    // The gateway's parts that find out who calls; without listeners.
    private static WebApplication Gateway(EntraAuthority authority)
    {
        var builder = WebApplication.CreateBuilder(
        [
            .. Directory.Select(setting => $"--{setting.Name}={setting.Value}"), $"--AzureAd:ClientId={EntraAuthority.Audience}", "--Jwt:TenantClaim=tid", "--Jwt:UserClaim=oid",
            "--Gateway:Models:0:Name=tiny", "--Gateway:Models:0:Service=vllm", "--Gateway:Keys:0:Id=local", $"--Gateway:Keys:0:Key={Tests.Gateway.GatewayServer.Key}",
            "--Access:Roles:developers=dev", "--Access:Policies:dev:Endpoints:0=/v1/chat/completions", "--Access:Policies:dev:Models:0=tiny",
        ]);
        builder.AddServiceDefaults();
        builder.Logging.ClearProviders();
        builder.AddTenants();
        builder.AddPolicies();
        builder.AddLimits();
        builder.AddModelCatalog();
        builder.AddReplicas();
        builder.AddGatewayMetrics();
        builder.AddServiceTokenIssuer();
        builder.Services.ConfigureHttpClientDefaults(http => http.ConfigurePrimaryHttpMessageHandler(authority.Route));
        builder.Services.Configure<AadIssuerValidatorOptions>(validator => validator.HttpClientName = "entra");
        builder.Services.Configure<JwtBearerOptions>(TokenCallers.EntraScheme, bearer => bearer.BackchannelHttpHandler = authority.Route());
        return builder.Build();
    }

    private static async Task<CallerAnswer> FindAsync(WebApplication gateway, string token)
    {
        // As a server does: authentication keeps its answer as long as the scope.
        await using var scope = gateway.Services.CreateAsyncScope();
        var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        context.Request.Method = "POST";
        context.Request.Path = "/v1/chat/completions";
        context.Request.Headers.Authorization = $"Bearer {token}";
        return await gateway.Services.GetRequiredService<Callers>().FindAsync(context);
    }
}
