using System.Collections.Concurrent;
using System.Text;
using AiInfra.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AiInfra.Tests.Gateway;

/// <summary>A replica whose every byte a test decides: it answers as a recorded vLLM did, until a test gives it another script.</summary>
internal sealed class ScriptedVllm : IAsyncDisposable
{
    public const string Model = "tiny";

    public const string Plain = """{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"tiny","choices":[{"index":0,"message":{"role":"assistant","content":"Hello there"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"total_tokens":7,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":0}}}""";

    public const string Embedding = """{"id":"embd-1","object":"list","created":1,"model":"tiny","data":[{"index":0,"object":"embedding","embedding":[0.5,-0.25]}],"usage":{"prompt_tokens":3,"total_tokens":3}}""";

    private readonly WebApplication _app;

    private ScriptedVllm(WebApplication app, int port) => (_app, Port) = (app, port);

    public int Port { get; }

    public string Address => $"http://127.0.0.1:{Port}";

    /// <summary>Every request other than probes, in order.</summary>
    public ConcurrentQueue<ScriptedRequest> Requests { get; } = new();

    /// <summary>Answers everything but <c>/v1/models</c> and <c>/metrics</c>.</summary>
    public Func<HttpContext, ScriptedRequest, Task> Script { get; set; } = AnswerAsVllm;

    /// <summary>What <c>/metrics</c> says; null: 404.</summary>
    public string? Metrics { get; set; }

    /// <summary>The cards of <c>/v1/models</c>.</summary>
    public string Models { get; set; } = """{"object":"list","data":[{"id":"tiny","object":"model","created":1,"owned_by":"scripted","root":"tiny","parent":null,"max_model_len":2048}]}""";

    public static async Task<ScriptedVllm> StartAsync(int? port = null)
    {
        port ??= FreePorts.Next();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(5);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        var app = builder.Build();
        var replica = new ScriptedVllm(app, port.Value);
        app.Run(replica.HandleAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return replica;
    }

    public static string Chunk(string content, string finish = "null") =>
        $$"""{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"tiny","choices":[{"index":0,"delta":{"content":"{{content}}"},"finish_reason":{{finish}}}]}""";

    public static async Task WriteFrameAsync(HttpContext context, string data)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "text/event-stream; charset=utf-8";
        }

        await context.Response.WriteAsync($"data: {data}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    public static async Task AnswerAsVllm(HttpContext context, ScriptedRequest request)
    {
        if (!request.Text.Contains("\"stream\":true", StringComparison.Ordinal) && !request.Text.Contains("\"stream\": true", StringComparison.Ordinal))
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(request.Path == "/v1/embeddings" ? Embedding : Plain, context.RequestAborted);
            return;
        }

        foreach (var word in new[] { "Hello", " there" })
        {
            await WriteFrameAsync(context, Chunk(word));
        }

        await WriteFrameAsync(context, Chunk("", "\"stop\""));
        await WriteFrameAsync(context, "[DONE]");
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Path == "/v1/models")
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(Models, context.RequestAborted);
            return;
        }

        if (context.Request.Path == "/metrics")
        {
            context.Response.StatusCode = Metrics is null ? 404 : 200;
            await context.Response.WriteAsync(Metrics ?? "", context.RequestAborted);
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var request = new ScriptedRequest(
            context.Request.Method, context.Request.Path.Value! + context.Request.QueryString, context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), body.ToArray());
        Requests.Enqueue(request);
        await Script(context, request);
    }
}

internal sealed record ScriptedRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text { get; } = Encoding.UTF8.GetString(Body);
}
