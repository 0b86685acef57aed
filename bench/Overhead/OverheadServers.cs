using System.Net;
using AiInfra.Gateway;
using AiInfra.LocalVllm.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace AiInfra.Bench.Overhead;

/// <summary>The servers of the benchmark, each in a process of its own so that its CPU time can be told apart: this program in another role.</summary>
internal static class OverheadServers
{
    public const string RoleVariable = "AIINFRA_BENCH_ROLE";
    public const string ArgumentsVariable = "AIINFRA_BENCH_ARGUMENTS";
    public const int Frames = 20;

    private static readonly byte[] Answer = """{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"tiny","choices":[{"index":0,"message":{"role":"assistant","content":"The capital of France is Paris."},"finish_reason":"stop"}],"usage":{"prompt_tokens":37,"total_tokens":45,"completion_tokens":8,"prompt_tokens_details":{"cached_tokens":0}}}"""u8.ToArray();
    private static readonly byte[] Frame = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"tiny\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n"u8.ToArray();
    private static readonly byte[] Done = "data: [DONE]\n\n"u8.ToArray();

    /// <summary>Serves until the process is ended, when it was started for that.</summary>
    public static async Task<bool> TryServeAsync(CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable(RoleVariable) is not { Length: > 0 } role)
        {
            return false;
        }

        var arguments = (Environment.GetEnvironmentVariable(ArgumentsVariable) ?? "").Split('\n');
        await using var app = role switch
        {
            "stub" => Stub(arguments[0]),
            "yarp" => Yarp(arguments[0], arguments[1]),
            "vllm" => await ServingHost.StartAsync(ServeCommand.Parse(arguments, _ => null), cancellationToken),
            _ => GatewayApp.Build(arguments),
        };
        if (role == "vllm")
        {
            // It runs already: its port is told by then.
            await ((IHost)app).WaitForShutdownAsync(cancellationToken);
            return true;
        }

        await ((IHost)app).RunAsync(cancellationToken);
        return true;
    }

    private static WebApplication Stub(string url)
    {
        var app = New(url);
        app.Run(async context =>
        {
            var response = context.Response;
            if (context.Request.Method == HttpMethods.Get)
            {
                response.StatusCode = context.Request.Path == "/v1/models" || context.Request.Path == "/" ? 200 : 404;
                await response.WriteAsync("""{"object":"list","data":[{"id":"tiny","parent":null}]}""", context.RequestAborted);
                return;
            }

            if (!await WantsStreamAsync(context.Request))
            {
                response.ContentType = "application/json";
                response.ContentLength = Answer.Length;
                await response.Body.WriteAsync(Answer, context.RequestAborted);
                return;
            }

            response.ContentType = "text/event-stream; charset=utf-8";
            for (var i = 0; i < Frames; i++)
            {
                await response.Body.WriteAsync(Frame, context.RequestAborted);
                await Task.Delay(10, context.RequestAborted);
            }

            await response.Body.WriteAsync(Done, context.RequestAborted);
        });
        return app;
    }

    private static async Task<bool> WantsStreamAsync(HttpRequest request)
    {
        var (isFirst, stream) = (true, false);
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
            if (isFirst)
            {
                // The driver writes the field first; a gateway may put one more before it.
                stream = read.Buffer.FirstSpan[..Math.Min(200, read.Buffer.FirstSpan.Length)].IndexOf("\"stream\":true"u8) >= 0;
                isFirst = false;
            }

            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return stream;
            }
        }
    }

    private static WebApplication Yarp(string url, string upstream)
    {
        var app = New(url);
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        var client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
        });
        app.Run(async context => await forwarder.SendAsync(context, upstream, client));
        return app;
    }

    private static WebApplication New(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.Services.AddHttpForwarder();
        return builder.Build();
    }
}
