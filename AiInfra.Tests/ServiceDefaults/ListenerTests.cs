using AiInfra.ServiceDefaults.Listeners;
using AiInfra.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace AiInfra.Tests.ServiceDefaults;

public sealed class ListenerTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Endpoints_of_the_internal_listener_are_not_found_on_the_public_one()
    {
        var (publicPort, internalPort) = (FreePorts.Next(), FreePorts.Next());
        await using var app = await StartAsync($"--urls=http://localhost:{publicPort}", $"--Listeners:Internal:Port={internalPort}");
        using var client = new HttpClient();

        using var insideHealth = await client.GetAsync($"http://localhost:{internalPort}/health", Cancelled);
        using var outsideHealth = await client.GetAsync($"http://localhost:{publicPort}/health", Cancelled);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://localhost:{publicPort}/metrics");
        request.Headers.Host = $"localhost:{internalPort}";
        using var outsideMetrics = await client.SendAsync(request, Cancelled);
        using var outsideApi = await client.GetAsync($"http://localhost:{publicPort}/api", Cancelled);
        using var insideApi = await client.GetAsync($"http://localhost:{internalPort}/api", Cancelled);

        Assert.Equal(200, (int)insideHealth.StatusCode);
        Assert.Equal("Healthy", await insideHealth.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal(404, (int)outsideHealth.StatusCode);
        Assert.Equal(404, (int)outsideMetrics.StatusCode);
        Assert.Equal(200, (int)outsideApi.StatusCode);
        Assert.Equal(404, (int)insideApi.StatusCode);
    }

    [Fact]
    public async Task One_listener_serves_everything_where_no_other_is_configured()
    {
        var port = FreePorts.Next();
        await using var app = await StartAsync($"--urls=http://localhost:{port}");
        using var client = new HttpClient();

        Assert.Equal("Healthy", await client.GetStringAsync($"http://localhost:{port}/health", Cancelled));
        Assert.Contains("# TYPE", await client.GetStringAsync($"http://localhost:{port}/metrics", Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_listeners_on_one_port_are_refused_by_name()
    {
        var problem = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            StartAsync("--Listeners:Internal:Port=15000", "--Listeners:Admin:Port=15000"));

        Assert.Contains("Listeners:admin:Port", problem.Message, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync(params string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            // The tests' own folder holds the settings of the services that they refer to.
            ContentRootPath = Path.GetTempPath(),
        });
        builder.AddServiceDefaults();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGet("/api", () => "api").RequireListener(ListenerNames.Public);
        await app.StartAsync(Cancelled);
        return app;
    }
}
