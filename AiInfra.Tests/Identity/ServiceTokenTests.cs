using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Tokens;
using AiInfra.ServiceDefaults.ServiceTokens;
using AiInfra.Tests.Gateway;
using AiInfra.Tests.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.Tests.Identity;

/// <summary>What every service gets from the defaults: it takes tokens that are meant for it, and sends tokens that it was given.</summary>
public sealed class ServiceTokenTests
{
    private static readonly Caller Ann = new("local", "team-a", "ann") { MemoryScopes = "memory.read" };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_who_may_act_speaks_for_a_caller()
    {
        await using var issuer = await TestIssuer.StartAsync(Cancelled);
        await using var service = await TrustingService.StartAsync(new Uri(issuer.Address));

        Assert.Equal(200, await service.StatusAsync("/read", issuer.Token("team-a", "ann")));
        Assert.Equal(403, await service.StatusAsync("/erase", issuer.Token("team-a", "ann")));
        Assert.Equal(401, await service.StatusAsync("/read", null));
        foreach (var (client, actor) in new[] { ("reporter", null), ("reporter", "gateway"), ("gateway", "reporter"), ("reporter", "reporter") })
        {
            Assert.Equal(401, await service.StatusAsync("/read", issuer.Token("team-a", "ann", client: client, actor: actor)));
        }

        Assert.Equal(200, await service.StatusAsync("/read", issuer.Token("team-a", "ann", actor: "gateway")));
    }

    [Fact]
    public async Task A_call_within_a_callers_request_goes_out_on_the_callers_behalf_with_a_token_that_is_kept()
    {
        await using var gateway = await TokenGateway.StartAsync();
        await using var target = await ScriptedVllm.StartAsync();
        target.Script = (context, _) => Task.CompletedTask;
        await using var service = await StartAsync(gateway);
        var subject = await gateway.Server.App.Services.GetRequiredService<ServiceTokenIssuer>().TokenForAsync(Ann, "memory");

        for (var call = 0; call < 3; call++)
        {
            Assert.Equal(200, await service.StatusAsync($"/call?target={Uri.EscapeDataString(target.Address + "/x")}", subject));
        }

        var sent = target.Requests.Select(request => request.Headers["Authorization"]["Bearer ".Length..]).Distinct().ToList();
        var token = TokenGateway.Read(Assert.Single(sent));
        Assert.NotEqual(subject, sent[0]);
        Assert.Equal(("gateway", "team-a", "ann", """{"sub":"memory"}"""), (token.Audiences.Single(), token.GetClaim("tenant").Value, token.GetClaim("user").Value, token.GetClaim("act").Value));
    }

    [Fact]
    public async Task Many_calls_ask_for_one_token_and_renew_it_before_it_ends()
    {
        await using var gateway = await TokenGateway.StartAsync();
        await using var service = await StartAsync(gateway);
        var source = service.Services.GetRequiredService<IServiceTokenSource>();

        var tokens = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => source.GetAsync("gateway", null, Cancelled).AsTask()));

        Assert.Single(tokens.Distinct());
        await Assert.ThrowsAsync<HttpRequestException>(async () => await source.GetAsync("vllm", null, Cancelled));
        await Assert.ThrowsAsync<HttpRequestException>(async () => await source.GetAsync("gateway", "not a token", Cancelled));
    }

    private static Task<TrustingService> StartAsync(TokenGateway gateway) => TrustingService.StartAsync(
        gateway.Server.Internal.BaseAddress!, ("ServiceTokens:ClientId", "memory"), ("ServiceTokens:ClientSecret", TokenGateway.Secret));
}
