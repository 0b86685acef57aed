using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using AiInfra.Gateway;
using AiInfra.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;

namespace AiInfra.Tests.Gateway;

/// <summary>A whole gateway in this process, on real sockets.</summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    public const string Key = "sk-test-0123456789abcdef";
    public const string AdminKey = "admin-0123456789abcdef";

    private GatewayServer(WebApplication app, int publicPort, int internalPort, int adminPort)
    {
        (App, PublicPort, InternalPort, AdminPort) = (app, publicPort, internalPort, adminPort);
        Client = new HttpClient { BaseAddress = new Uri($"http://localhost:{publicPort}"), Timeout = TimeSpan.FromSeconds(30) };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        Internal = new HttpClient { BaseAddress = new Uri($"http://localhost:{internalPort}") };
        Admin = new HttpClient { BaseAddress = new Uri($"http://localhost:{adminPort}") };
        Admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
    }

    public WebApplication App { get; }

    public int PublicPort { get; }

    public int InternalPort { get; }

    public int AdminPort { get; }

    /// <summary>Calls the public listener with the key.</summary>
    public HttpClient Client { get; }

    public HttpClient Internal { get; }

    public HttpClient Admin { get; }

    public static async Task<GatewayServer> StartAsync(IEnumerable<ScriptedVllm> replicas, params string[] settings)
    {
        var (publicPort, internalPort, adminPort) = (FreePorts.Next(), FreePorts.Next(), FreePorts.Next());
        string[] defaults =
        [
            $"--urls=http://localhost:{publicPort}",
            $"--Listeners:Internal:Port={internalPort}",
            $"--Listeners:Admin:Port={adminPort}",
            $"--Admin:Key={AdminKey}",
            "--Logging:LogLevel:Default=None",
            "--Logging:LogLevel:Microsoft.AspNetCore=None",
            "--Gateway:Models:0:Name=tiny",
            "--Gateway:Models:0:Service=vllm",
            "--Gateway:Keys:0:Id=local",
            $"--Gateway:Keys:0:Key={Key}",
            .. replicas.Select((replica, i) => $"--services:vllm:http:{i}={replica.Address}"),
        ];
        var app = GatewayApp.Build([.. defaults, .. settings]);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new GatewayServer(app, publicPort, internalPort, adminPort);
    }

    public static string NewSigningKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportPkcs8PrivateKey());
    }

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    public Task<HttpResponseMessage> ChatAsync(bool stream = false, string more = "") => PostAsync(
        "/v1/chat/completions", $$"""{"model":"tiny","messages":[{"role":"user","content":"Hi"}],"stream":{{(stream ? "true" : "false")}}{{more}}}""");

    /// <summary>Posts JSON; the answer is returned as soon as its headers are there.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, string body) => Client.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, path) { Content = Json(body) }, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Internal.Dispose();
        Admin.Dispose();
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await App.StopAsync(now.Token);
        await App.DisposeAsync();
    }
}
