using System.Net.Http.Headers;
using AiInfra.Tests.Gateway;

namespace AiInfra.Tests.Identity;

public sealed class TokenAttackTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_a_whole_and_fitting_token_is_let_in()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var authority = await OidcAuthority.StartAsync();
        await using var gateway = await GatewayServer.StartAsync(
            [replica], $"--Jwt:Authority={authority.Address}", $"--Jwt:Audience={OidcAuthority.Audience}", "--Jwt:RequireHttps=false",
            "--Access:Roles:developers=dev", "--Access:Policies:dev:Endpoints:0=/v1/chat/completions", "--Access:Policies:dev:Models:0=tiny");

        Assert.Equal(200, await StatusAsync(gateway, authority.Token()));
        foreach (var (attack, token) in TokenAttacks.On(authority))
        {
            Assert.True(await StatusAsync(gateway, token) == 401, attack);
        }

        Assert.Equal(0, authority.ForeignKeySetsAsked);
        Assert.Equal(403, await StatusAsync(gateway, authority.Token(token => token.Claims!["roles"] = new[] { "strangers" })));
        Assert.Single(replica.Requests);
    }

    [Fact]
    public async Task Without_an_authority_no_token_is_let_in()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var authority = await OidcAuthority.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);

        Assert.Equal(401, await StatusAsync(gateway, authority.Token()));
    }

    private static async Task<int> StatusAsync(GatewayServer gateway, string token)
    {
        gateway.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await gateway.ChatAsync();
        await response.Content.ReadAsStringAsync(Cancelled);
        return (int)response.StatusCode;
    }
}
