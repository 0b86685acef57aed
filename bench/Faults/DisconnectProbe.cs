using System.Diagnostics;
using System.Text;
using AiInfra.Bench.Overhead;
using AiInfra.Bench.Running;
using AiInfra.Gateway.Forwarding;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AiInfra.Bench.Faults;

/// <summary>How soon a replica hears that a caller has left, on every endpoint, streamed or not.</summary>
internal static class DisconnectProbe
{
    private const int Rounds = 5;

    public static async Task RunAsync(List<BenchRow> rows, List<BenchBar> bars, CancellationToken cancellationToken)
    {
        var (replicaPort, port) = (OverheadTarget.FreePort(), OverheadTarget.FreePort());
        TaskCompletionSource<long> arrived = new(), stopped = new();
        await using var replica = NewReplica(replicaPort, () => arrived, () => stopped);
        await replica.StartAsync(cancellationToken);
        await using var gateway = await OverheadTarget.StartRoleAsync("gateway", "gateway", port, string.Join('\n',
            $"--urls=http://127.0.0.1:{port}", $"--Listeners:Internal:Port={OverheadTarget.FreePort()}", $"--Listeners:Admin:Port={OverheadTarget.FreePort()}",
            "--Gateway:Models:0:Name=tiny", "--Gateway:Models:0:Service=vllm", $"--services:vllm:http:0=http://127.0.0.1:{replicaPort}",
            "--Gateway:Keys:0:Id=bench", $"--Gateway:Keys:0:Key={OverheadTarget.Key}", "--Logging:LogLevel:Default=Error"), cancellationToken);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        foreach (var (endpoint, stream) in ModelEndpoint.All.SelectMany(endpoint => endpoint.Generates ? new[] { (endpoint, false), (endpoint, true) } : [(endpoint, false)]))
        {
            var seconds = new List<double>();
            for (var round = 0; round < Rounds; round++)
            {
                (arrived, stopped) = (new(), new());
                using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}{endpoint.Path}") { Content = ContentOf(endpoint, stream) };
                request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {OverheadTarget.Key}");
                var call = client.SendAsync(request, HttpCompletionOption.ResponseContentRead, leave.Token);
                await arrived.Task.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken);
                var left = Stopwatch.GetTimestamp();
                await leave.CancelAsync();
                seconds.Add(Stopwatch.GetElapsedTime(left, await stopped.Task.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken)).TotalSeconds);
                await call.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }

            var label = $"caller leaves {endpoint.Path}{(stream ? " (stream)" : "")}";
            rows.Add(new BenchRow(label, new Dictionary<string, double> { ["calls"] = Rounds, ["longest s"] = seconds.Max() }));
            bars.Add(BenchBar.AtMost($"{label}: the replica hears of it after, s", seconds.Max(), 0.1));
        }
    }

    private static HttpContent ContentOf(ModelEndpoint endpoint, bool stream) => endpoint.IsForm
        ? new MultipartFormDataContent { { new ByteArrayContent("RIFF"u8.ToArray()), "file", "a.wav" }, { new StringContent("tiny"), "model" } }
        : new StringContent(
            $$"""{"model":"tiny","messages":[{"role":"user","content":"Hi"}],"prompt":"Hi","input":"Hi"{{(stream ? ",\"stream\":true" : "")}}}""", Encoding.UTF8, "application/json");

    private static WebApplication NewReplica(int port, Func<TaskCompletionSource<long>> arrived, Func<TaskCompletionSource<long>> stopped)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        app.Run(async context =>
        {
            if (HttpMethods.IsGet(context.Request.Method))
            {
                await context.Response.WriteAsync("""{"object":"list","data":[{"id":"tiny","parent":null}]}""", context.RequestAborted);
                return;
            }

            var text = await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted);
            var heard = stopped();
            using var left = context.RequestAborted.Register(() => heard.TrySetResult(Stopwatch.GetTimestamp()));
            if (text.Contains("\"stream\":true", StringComparison.Ordinal))
            {
                context.Response.ContentType = "text/event-stream";
                await context.Response.WriteAsync("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", context.RequestAborted);
            }

            arrived().TrySetResult(0);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        return app;
    }
}
