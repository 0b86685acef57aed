using System.Net.Http.Headers;
using AiInfra.ServiceDefaults.ServiceTokens;
using AiInfra.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AiInfra.Tests.Identity;

/// <summary>A service named <c>memory</c> with nothing but the defaults: it takes service tokens, and calls others with its own.</summary>
internal sealed class TrustingService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TrustingService(WebApplication app, string address) => (_app, Client) = (app, new HttpClient { BaseAddress = new Uri(address) });

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    /// <param name="gateway">Address of the internal listener whose tokens it takes.</param>
    /// <param name="settings">Its further configuration.</param>
    public static Task<TrustingService> StartAsync(Uri gateway, params (string Name, string? Value)[] settings) => StartAsync(gateway, _ => { }, settings);

    /// <param name="gateway">Address of the internal listener whose tokens it takes.</param>
    /// <param name="more">Adds services.</param>
    /// <param name="settings">Its further configuration.</param>
    public static async Task<TrustingService> StartAsync(Uri gateway, Action<IServiceCollection> more, params (string Name, string? Value)[] settings)
    {
        var address = $"http://127.0.0.1:{FreePorts.Next()}";
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value)))
        {
            ["urls"] = address,
            ["services:gateway:internal:0"] = gateway.GetLeftPart(UriPartial.Authority),
        });
        builder.AddServiceDefaults();
        builder.Logging.ClearProviders();
        builder.AddServiceTokens("memory");
        builder.AddServiceTokenClient();
        builder.Services.AddHttpClient("target").AddServiceToken("gateway");
        more(builder.Services);
        var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/read", () => "read").RequireAuthorization(ServiceScopes.MemoryRead);
        app.MapGet("/erase", () => "erased").RequireAuthorization(ServiceScopes.MemoryErase);
        app.MapGet("/call", async (Uri target, IHttpClientFactory clients, CancellationToken cancellationToken) =>
            (int)(await clients.CreateClient("target").GetAsync(target, cancellationToken)).StatusCode);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new TrustingService(app, address);
    }

    public async Task<int> StatusAsync(string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
