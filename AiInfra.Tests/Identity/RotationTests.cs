using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Tokens;
using AiInfra.Tests.Gateway;
using AiInfra.Tests.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Tests.Identity;

/// <summary>The signing key changes while services call each other.</summary>
public sealed class RotationTests
{
    private static readonly Caller Ann = new("local", "team-a", "ann") { MemoryScopes = "memory.read" };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rotation_loses_no_call_and_ends_the_withdrawn_key()
    {
        var (first, next) = (GatewayServer.NewSigningKey(), GatewayServer.NewSigningKey());
        await using var gateway = await GatewayServer.StartAsync([], $"--Tokens:SigningKey={first}");
        await using var service = await TrustingService.StartAsync(gateway.Internal.BaseAddress!);
        var issuer = gateway.App.Services.GetRequiredService<ServiceTokenIssuer>();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var calls = 0;
        var users = 0;

        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!over.IsCancellationRequested)
            {
                // Every call is another caller's, so every one carries a token of its own.
                var token = await issuer.TokenForAsync(Ann with { User = $"u{Interlocked.Increment(ref users)}" }, "memory");
                Assert.Equal(200, await service.StatusAsync("/read", token));
                Interlocked.Increment(ref calls);
            }
        }));
        var old = await issuer.TokenForAsync(Ann, "memory");
        foreach (var (signing, second) in new[] { (first, next), (next, first), (next, null) })
        {
            var before = calls;
            await WaitUntil.TrueAsync(() => Task.FromResult(load.IsCompleted || calls > before + 50), Cancelled);
            TokenGateway.Configure(gateway, ("Tokens:SigningKey", signing), ("Tokens:SecondKey", second));
            await WaitUntil.TrueAsync(async () => (await KeysAsync(gateway)).Count == (second is null ? 1 : 2), Cancelled);
        }

        var last = calls;
        await WaitUntil.TrueAsync(() => Task.FromResult(load.IsCompleted || calls > last + 50), Cancelled);
        await over.CancelAsync();
        await load;

        var fresh = await issuer.TokenForAsync(Ann, "memory");
        Assert.NotEqual(TokenGateway.Read(old).Kid, TokenGateway.Read(fresh).Kid);
        Assert.Equal([TokenGateway.Read(fresh).Kid], (await KeysAsync(gateway)).Select(key => key.KeyId));
        // A service that starts now has never heard of the first key.
        await using var later = await TrustingService.StartAsync(gateway.Internal.BaseAddress!);
        Assert.Equal((200, 401), (await later.StatusAsync("/read", fresh), await later.StatusAsync("/read", old)));
    }

    private static async Task<IList<SecurityKey>> KeysAsync(GatewayServer gateway) =>
        new JsonWebKeySet(await gateway.Internal.GetStringAsync("/.well-known/jwks.json", Cancelled)).GetSigningKeys();
}
