using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.AppHost;

[Collection(PlatformCollection.Name)]
public sealed class PlatformTests(PlatformFixture platform)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_service_of_the_platform_answers()
    {
        using var client = new HttpClient();

        foreach (var address in new[]
        {
            new Uri(platform.GatewayInternal, "/health"), new Uri(platform.Memory, "/health"), new Uri(platform.Chroma, "/api/v2/heartbeat"),
        })
        {
            using var response = await client.GetAsync(address, Cancelled);
            Assert.Equal(200, (int)response.StatusCode);
        }
    }
}
