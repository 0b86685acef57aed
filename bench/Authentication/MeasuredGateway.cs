using System.Net.Http.Headers;
using AiInfra.Bench.Limits;
using AiInfra.Gateway;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace AiInfra.Bench.Authentication;

/// <summary>A whole gateway in this process, so that its allocations can be counted, and a client of it.</summary>
internal sealed class MeasuredGateway : IAsyncDisposable
{
    public const string Key = "sk-bench-0123456789abcdef";
    public const string AdminKey = "admin-0123456789abcdef";
    public const string Body = """{"model":"tiny","messages":[{"role":"user","content":"What is the capital of France?"}],"max_tokens":16}""";

    private readonly DirectoryInfo _journals;

    private MeasuredGateway(WebApplication app, DirectoryInfo journals, Uri address, Uri admin)
    {
        (App, _journals) = (app, journals);
        Client = new HttpClient { BaseAddress = address };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        Admin = new HttpClient { BaseAddress = admin };
        Admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
    }

    public WebApplication App { get; }

    public HttpClient Client { get; }

    public HttpClient Admin { get; }

    public static async Task<MeasuredGateway> StartAsync(string upstream, IEnumerable<string> settings, CancellationToken cancellationToken)
    {
        var (port, inside, admin) = (Server.FreePort(), Server.FreePort(), Server.FreePort());
        var journals = Directory.CreateTempSubdirectory("aiinfra-journals-");
        var app = GatewayApp.Build(
        [
            $"--urls=http://127.0.0.1:{port}", $"--Listeners:Internal:Port={inside}", $"--Listeners:Admin:Port={admin}", $"--Admin:Key={AdminKey}",
            "--Logging:LogLevel:Default=None", "--Logging:LogLevel:Microsoft.AspNetCore=None", "--Gateway:Models:0:Name=tiny", "--Gateway:Models:0:Service=vllm",
            $"--services:vllm:http:0={upstream}", "--Gateway:Keys:0:Id=bench", $"--Gateway:Keys:0:Key={Key}", "--Gateway:Keys:0:Tenant=bench",
            $"--Limits:JournalFolder={journals.FullName}", "--Keys:Pepper=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", .. settings,
        ]);
        await app.StartAsync(cancellationToken);
        return new MeasuredGateway(app, journals, new Uri($"http://127.0.0.1:{port}"), new Uri($"http://localhost:{admin}"));
    }

    /// <summary>An engine that answers at once, in the shape of vLLM.</summary>
    public static async Task<WebApplication> StartStubAsync(string address, CancellationToken cancellationToken)
    {
        var answer = """{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"tiny","choices":[{"index":0,"message":{"role":"assistant","content":"Paris."},"finish_reason":"stop"}],"usage":{"prompt_tokens":37,"total_tokens":45,"completion_tokens":8}}"""u8.ToArray();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseSetting("urls", address);
        var app = builder.Build();
        app.Run(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(
                context.Request.Method == "GET" ? """{"object":"list","data":[{"id":"tiny","parent":null}]}"""u8.ToArray() : answer, context.RequestAborted);
        });
        await app.StartAsync(cancellationToken);
        return app;
    }

    public async Task<int> ChatAsync(string? key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(Body, null, "application/json") };
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        using var response = await Client.SendAsync(request, cancellationToken);
        await response.Content.CopyToAsync(Stream.Null, cancellationToken);
        return (int)response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Admin.Dispose();
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await App.StopAsync(now.Token);
        await App.DisposeAsync();
        _journals.Delete(recursive: true);
    }
}
