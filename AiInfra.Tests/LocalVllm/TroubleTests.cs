using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;

namespace AiInfra.Tests.LocalVllm;

/// <summary>Trouble as vLLM makes it: mostly with status 200 and healthy health pages.</summary>
public sealed class TroubleTests
{
    private const string Flags = "--served-model-name small --engine-option profile=8b-h100 speed=20";
    private static readonly object Long = new { messages = new[] { new { role = "user", content = "Tell a story" } }, max_tokens = 2000, ignore_eos = true, stream = true };

    private static readonly byte[] Request = RawExchange.Post("/v1/chat/completions", Long);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task A_status_that_was_asked_for_comes_as_often_as_asked_for(int status)
    {
        await using var server = await RunningServer.StartAsync(Flags);
        await server.TroubleAsync(new { kind = "status", status, requests = 1 });

        using var first = await server.Client.PostAsJsonAsync("/v1/completions", new { prompt = "a" }, Token);
        using var second = await server.Client.PostAsJsonAsync("/v1/completions", new { prompt = "a" }, Token);

        Assert.Equal(status, (int)first.StatusCode);
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
    }

    [Theory]
    [InlineData("refuse")]
    [InlineData("cut")]
    public async Task A_connection_breaks_without_an_end(string kind)
    {
        await using var server = await RunningServer.StartAsync(Flags);
        await server.TroubleAsync(new { kind, frames = 3 });

        var reply = await server.SendAsync(Request);

        Assert.True(kind == "refuse" ? reply is null : reply is { Terminated: false, Chunks.Count: 3 });
    }

    [Theory]
    [InlineData("hang-before-headers", false, 0)]
    [InlineData("hang-after-headers", true, 0)]
    [InlineData("silent", true, 2)]
    public async Task A_stream_falls_silent_while_health_says_200(string kind, bool headers, int frames)
    {
        await using var server = await RunningServer.StartAsync(Flags);
        await server.TroubleAsync(new { kind, frames });
        using var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, Token);
        await client.GetStream().WriteAsync(Request, Token);

        var text = await ReadForAsync(client, TimeSpan.FromMilliseconds(700));

        Assert.Equal(headers, text.StartsWith("HTTP/1.1 200", StringComparison.Ordinal));
        Assert.Equal(frames, text.Split("data: ").Length - 1);
        using var health = await server.Client.GetAsync("/health", Token);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Fact]
    public async Task A_slow_reply_is_late_frame_by_frame_and_complete()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        await server.TroubleAsync(new { kind = "slow", seconds = 0.1 });
        var began = Stopwatch.GetTimestamp();

        var streamed = await server.SendAsync(RawExchange.Post("/v1/completions", new { prompt = "a", max_tokens = 4, ignore_eos = true, stream = true }));
        var elapsed = Stopwatch.GetElapsedTime(began);
        var whole = await server.SendAsync(RawExchange.Post("/v1/completions", new { prompt = "a", max_tokens = 4 }));

        Assert.Equal(5, streamed!.Chunks!.Count);
        // A slow machine makes it later still; only earlier would be wrong.
        Assert.True(elapsed >= TimeSpan.FromMilliseconds(4 * 95), $"{elapsed}");
        Assert.Equal(200, whole!.Status);
    }

    [Fact]
    public async Task A_killed_engine_ends_streams_with_an_error_and_done()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        var running = server.SendAsync(Request);
        var plain = server.SendAsync(RawExchange.Post("/v1/completions", new { prompt = "a", max_tokens = 2000, ignore_eos = true }));
        await server.UntilAsync("vllm:num_requests_running", 2);

        await server.TroubleAsync(new { kind = "kill-engine" });
        var reply = await running;
        Assert.Equal(500, (await plain)!.Status);
        using var late = await server.Client.PostAsJsonAsync("/v1/completions", new { prompt = "a" }, Token);
        using var health = await server.Client.GetAsync("/health", Token);
        using var models = await server.Client.GetAsync("/v1/models", Token);

        Assert.Equal(200, reply!.Status);
        Assert.Contains("\"code\":500", reply.Chunks![^2], StringComparison.Ordinal);
        Assert.Equal("data: [DONE]\n\n", reply.Chunks[^1]);
        Assert.Equal(HttpStatusCode.InternalServerError, late.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Equal(HttpStatusCode.OK, models.StatusCode);
    }

    [Fact]
    public async Task An_abort_looks_like_success()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        var running = server.SendAsync(Request);
        await server.UntilAsync("vllm:num_requests_running", 1);

        await server.TroubleAsync(new { kind = "abort" });
        var reply = await running;

        Assert.Contains("\"finish_reason\":\"abort\"", reply!.Chunks![^2], StringComparison.Ordinal);
        Assert.Equal("data: [DONE]\n\n", reply.Chunks[^1]);
    }

    [Fact]
    public async Task A_draining_server_refuses_new_requests_and_says_it_is_healthy()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        await server.TroubleAsync(new { kind = "drain" });

        using var reply = await server.Client.PostAsJsonAsync("/v1/completions", new { prompt = "a" }, Token);
        using var health = await server.Client.GetAsync("/health", Token);

        Assert.Equal(HttpStatusCode.InternalServerError, reply.StatusCode);
        Assert.Contains("cannot schedule new futures after shutdown", await reply.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Fact]
    public async Task A_hung_engine_computes_nothing_until_it_goes_on()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        await server.TroubleAsync(new { kind = "hang-engine" });
        var waiting = server.Client.PostAsJsonAsync("/v1/completions", new { prompt = "a" }, Token);
        await server.UntilAsync("vllm:num_requests_waiting", 1);
        using var health = await server.Client.GetAsync("/health", Token);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.False(waiting.IsCompleted);

        await server.TroubleAsync(new { kind = "none" });

        using var reply = await waiting;
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
    }

    [Fact]
    public async Task A_full_cache_keeps_requests_waiting()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        await server.TroubleAsync(new { kind = "kv-full" });
        var waiting = server.Client.PostAsJsonAsync("/v1/completions", new { prompt = "a" }, Token);
        await server.UntilAsync("vllm:num_requests_waiting", 1);
        Assert.Equal(1, await server.MetricAsync("vllm:kv_cache_usage_perc"));

        await server.TroubleAsync(new { kind = "none" });

        using var reply = await waiting;
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
    }

    [Fact]
    public async Task A_client_that_leaves_is_gone_from_the_gauges_and_counted_nowhere()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(server.Address.Host, server.Address.Port, Token);
            await client.GetStream().WriteAsync(Request, Token);
            await server.UntilAsync("vllm:num_requests_running", 1);
        }

        await server.UntilAsync("vllm:num_requests_running", 0);
        Assert.Equal(0, await server.MetricAsync("vllm:request_success_total"));
    }

    [Fact]
    public async Task A_full_queue_answers_503_without_Retry_After()
    {
        await using var server = await RunningServer.StartAsync(Flags + " --max-num-queued-reqs 2");
        await server.TroubleAsync(new { kind = "hang-engine" });
        var first = server.Client.PostAsJsonAsync("/v1/completions", new { prompt = "a" }, Token);
        var second = server.Client.PostAsJsonAsync("/v1/completions", new { prompt = "a" }, Token);
        await server.UntilAsync("vllm:num_requests_waiting", 2);

        using var third = await server.Client.PostAsJsonAsync("/v1/completions", new { prompt = "a" }, Token);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, third.StatusCode);
        Assert.Null(third.Headers.RetryAfter);
        Assert.Equal(1, await server.MetricAsync("vllm:admission_rejections_total"));
        await server.TroubleAsync(new { kind = "none" });
        using var firstReply = await first;
        using var secondReply = await second;
    }

    private static async Task<string> ReadForAsync(TcpClient client, TimeSpan time)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(time);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await client.GetStream().ReadAsync(buffer, patience.Token) is > 0 and var count)
            {
                text.Append(Encoding.UTF8.GetString(buffer, 0, count));
            }
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            // The time is over.
        }

        return text.ToString();
    }
}
