using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace AiInfra.Tests.Gateway;

/// <summary>What recorded vLLM servers did when they were full, draining, hung or dead, and what a caller may see of it.</summary>
public sealed class FailureTests
{
    private const string RoundRobin = "--Routing:Policy=RoundRobin";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string> FailuresBeforeTheFirstByte =>
    [
        "reset", "500", "503", "429", "shutting down", "abort", "stream abort", "stream error", "stream ends", "empty stream", "half a body", "redirect", "keep-alive, then cut",
    ];

    [Theory]
    [MemberData(nameof(FailuresBeforeTheFirstByte))]
    public async Task What_fails_before_the_first_byte_is_answered_by_another_replica(string failure)
    {
        await using var bad = await ScriptedVllm.StartAsync();
        await using var good = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([bad, good], RoundRobin);
        bad.Script = (context, _) => FailAsync(context, failure);

        for (var i = 0; i < 4; i++)
        {
            using var response = await gateway.ChatAsync(stream: failure.Contains("stream", StringComparison.Ordinal) || failure.StartsWith("keep", StringComparison.Ordinal));
            var text = await response.Content.ReadAsStringAsync(Cancelled);

            Assert.True(response.IsSuccessStatusCode, $"{failure}: {(int)response.StatusCode} {text}");
            Assert.Contains("Hello", text, StringComparison.Ordinal);
            Assert.DoesNotContain("error", text, StringComparison.Ordinal);
        }

        Assert.NotEmpty(bad.Requests);
        Assert.Equal(4, good.Requests.Count);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("end without [DONE]")]
    [InlineData("error frame, then [DONE]")]
    [InlineData("abort, then [DONE]")]
    [InlineData("silence")]
    public async Task A_stream_that_breaks_later_ends_in_an_error_event_and_never_in_done(string failure)
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica], "--Forwarding:StreamIdleTimeout=00:00:00.400");
        var goOn = new TaskCompletionSource();
        replica.Script = async (context, _) =>
        {
            await ScriptedVllm.WriteFrameAsync(context, ScriptedVllm.Chunk("one"));
            await goOn.Task;
            switch (failure)
            {
                case "cut":
                    context.Abort();
                    return;
                case "error frame, then [DONE]":
                    await ScriptedVllm.WriteFrameAsync(context, """{"error":{"message":"EngineCore died","type":"InternalServerError","param":null,"code":500}}""");
                    await ScriptedVllm.WriteFrameAsync(context, "[DONE]");
                    return;
                case "abort, then [DONE]":
                    await ScriptedVllm.WriteFrameAsync(context, ScriptedVllm.Chunk("", "\"abort\""));
                    await ScriptedVllm.WriteFrameAsync(context, "[DONE]");
                    return;
                case "silence":
                    await Task.Delay(Timeout.Infinite, context.RequestAborted);
                    return;
            }
        };

        using var response = await gateway.ChatAsync(stream: true);
        goOn.SetResult();
        var text = await response.Content.ReadAsStringAsync(Cancelled);

        Assert.StartsWith($"data: {ScriptedVllm.Chunk("one")}\n\ndata: {{\"error\":", text, StringComparison.Ordinal);
        Assert.EndsWith("}}\n\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        Assert.DoesNotContain("abort", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/messages", "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"")]
    [InlineData("/v1/responses", "event: error\ndata: {\"type\":\"error\",\"code\":\"upstream_failed\"")]
    public async Task The_error_event_is_in_the_endpoints_dialect(string path, string start)
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);
        var goOn = new TaskCompletionSource();
        replica.Script = async (context, _) =>
        {
            await ScriptedVllm.WriteFrameAsync(context, """{"type":"first"}""");
            await goOn.Task;
            context.Abort();
        };

        using var response = await gateway.PostAsync(path, """{"model":"tiny","stream":true}""");
        goOn.SetResult();
        var text = await response.Content.ReadAsStringAsync(Cancelled);

        Assert.Contains(start, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Split_and_huge_frames_come_through_byte_for_byte()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);
        var whole = $": keep-alive\n\ndata: {ScriptedVllm.Chunk(new string('x', 200_000))}\n\ndata: {ScriptedVllm.Chunk("é😀")}\n\n: keep-alive\n\ndata: [DONE]\n\n";
        var bytes = System.Text.Encoding.UTF8.GetBytes(whole);
        replica.Script = async (context, _) =>
        {
            context.Response.ContentType = "text/event-stream";
            for (var i = 0; i < bytes.Length;)
            {
                var count = Math.Min(bytes.Length - i, i % 7 == 0 ? 3 : 40_001);
                await context.Response.Body.WriteAsync(bytes.AsMemory(i, count), context.RequestAborted);
                i += count;
            }
        };

        using var response = await gateway.ChatAsync(stream: true);

        // A keep-alive before the first content is held back: until then another replica may still be asked.
        Assert.Equal(whole[": keep-alive\n\n".Length..], await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Theory]
    [InlineData(400, """{"error":{"message":"bad n","type":"BadRequestError","param":"n","code":400}}""", "bad n")]
    [InlineData(404, """{"detail":"Not Found"}""", "Not Found")]
    [InlineData(400, """{"detail":"There was an error parsing the body"}""", "There was an error parsing the body")]
    [InlineData(400, "Invalid HTTP request received.", "Invalid HTTP request received.")]
    [InlineData(400, """{"type":"error","error":{"type":"BadRequestError","message":"temperature"}}""", "temperature")]
    [InlineData(401, """{"error":"Unauthorized"}""", "The model server refused the gateway.")]
    public async Task Every_error_shape_of_vLLM_comes_out_as_the_endpoints_own(int status, string body, string message)
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);
        replica.Script = async (context, _) =>
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(body, context.RequestAborted);
        };

        using var chat = await gateway.ChatAsync();
        using var messages = await gateway.PostAsync("/v1/messages", """{"model":"tiny"}""");

        using var openAi = JsonDocument.Parse(await chat.Content.ReadAsStringAsync(Cancelled));
        using var anthropic = JsonDocument.Parse(await messages.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal(status == 401 ? 502 : status, (int)chat.StatusCode);
        Assert.Equal(message, openAi.RootElement.GetProperty("error").GetProperty("message").GetString());
        Assert.False(openAi.RootElement.TryGetProperty("type", out _));
        Assert.Equal("error", anthropic.RootElement.GetProperty("type").GetString());
        Assert.Equal(message, anthropic.RootElement.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task With_the_whole_pool_gone_the_answer_is_503_at_once_and_good_again_soon_after_its_return()
    {
        var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica], "--Replicas:ProbeInterval=00:00:00.050");
        using (var before = await gateway.ChatAsync())
        {
            Assert.Equal(200, (int)before.StatusCode);
        }

        await replica.DisposeAsync();
        using (var gone = await gateway.ChatAsync())
        {
            Assert.Equal(503, (int)gone.StatusCode);
            Assert.NotNull(gone.Headers.RetryAfter);
        }

        await using var back = await ScriptedVllm.StartAsync(replica.Port);
        for (var answered = false; !answered;)
        {
            using var again = await gateway.ChatAsync();
            answered = again.IsSuccessStatusCode;
            await Task.Delay(50, Cancelled);
        }
    }

    [Fact]
    public async Task A_hung_engine_whose_pages_still_answer_is_found_and_what_waits_on_it_is_answered_elsewhere()
    {
        await using var hung = await ScriptedVllm.StartAsync();
        await using var good = await ScriptedVllm.StartAsync();
        hung.Metrics = "vllm:num_requests_running{engine=\"0\"} 1.0\nvllm:generation_tokens_total{engine=\"0\"} 7.0\n";
        await using var gateway = await GatewayServer.StartAsync(
            [hung, good], RoundRobin, "--Replicas:ProbeInterval=00:00:00.050", "--Replicas:StallTimeout=00:00:00.500");
        hung.Script = async (context, _) =>
        {
            // Status and headers come at once, before the queue; then nothing.
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };

        for (var i = 0; i < 3; i++)
        {
            using var response = await gateway.ChatAsync(stream: true);
            Assert.Contains("Hello", await response.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        }

        var asked = hung.Requests.Count(request => request.Path == "/v1/chat/completions");
        Assert.Equal(1, asked);
        var state = await gateway.Admin.GetStringAsync("/admin/replicas", Cancelled);
        Assert.Contains("Ejected", state, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_stops_engines_stops_after_two_and_is_not_taken_again()
    {
        var replicas = new List<ScriptedVllm>();
        for (var i = 0; i < 3; i++)
        {
            replicas.Add(await ScriptedVllm.StartAsync());
            var replica = replicas[i];
            replica.Script = async (context, request) =>
            {
                if (request.Text.Contains("poison", StringComparison.Ordinal))
                {
                    _ = replica.DisposeAsync().AsTask();
                    context.Abort();
                    return;
                }

                await ScriptedVllm.AnswerAsVllm(context, request);
            };
        }

        await using var gateway = await GatewayServer.StartAsync(
            replicas, RoundRobin, "--Replicas:ProbeInterval=00:00:00.050", "--Forwarding:DeathWatch=00:02:00");
        const string Poison = """{"model":"tiny","messages":[{"role":"user","content":"poison"}]}""";

        using var first = await gateway.PostAsync("/v1/chat/completions", Poison);
        Assert.True((int)first.StatusCode is 502 or 503, $"{(int)first.StatusCode}");
        for (var status = 0; status != 422;)
        {
            await Task.Delay(50, Cancelled);
            Assert.Equal(2, replicas.Sum(replica => replica.Requests.Count));
            // Only what is known to be poison is refused; asking with another body shows nothing.
            status = gateway.App.Services.GetService(typeof(AiInfra.Gateway.Forwarding.PoisonList)) is AiInfra.Gateway.Forwarding.PoisonList list
                && list.Holds(System.Text.Encoding.UTF8.GetBytes(Poison)) ? 422 : 0;
        }

        using var again = await gateway.PostAsync("/v1/chat/completions", Poison);
        using var other = await gateway.ChatAsync();

        Assert.Equal(422, (int)again.StatusCode);
        Assert.Equal(200, (int)other.StatusCode);
        foreach (var replica in replicas)
        {
            await replica.DisposeAsync();
        }
    }

    [Fact]
    public async Task On_shutdown_a_running_stream_is_completed()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        var gateway = await GatewayServer.StartAsync([replica]);
        var goOn = new TaskCompletionSource();
        replica.Script = async (context, _) =>
        {
            await ScriptedVllm.WriteFrameAsync(context, ScriptedVllm.Chunk("one"));
            await goOn.Task;
            await ScriptedVllm.WriteFrameAsync(context, ScriptedVllm.Chunk("two"));
            await ScriptedVllm.WriteFrameAsync(context, "[DONE]");
        };

        using var response = await gateway.ChatAsync(stream: true);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancelled));
        await reader.ReadLineAsync(Cancelled);
        var stopping = gateway.App.StopAsync(Cancelled);
        goOn.SetResult();
        var rest = await reader.ReadToEndAsync(Cancelled);
        await stopping;

        Assert.EndsWith("data: [DONE]\n\n", rest, StringComparison.Ordinal);
        await gateway.DisposeAsync();
    }

    private static async Task FailAsync(HttpContext context, string failure)
    {
        var response = context.Response;
        switch (failure)
        {
            case "reset":
                context.Abort();
                break;
            case "500" or "503" or "429":
                response.StatusCode = int.Parse(failure, System.Globalization.CultureInfo.InvariantCulture);
                await response.WriteAsync("""{"error":{"message":"x","type":"Service Unavailable","param":null,"code":503}}""", context.RequestAborted);
                break;
            case "shutting down":
                response.StatusCode = 500;
                await response.WriteAsync("""{"error":{"message":"cannot schedule new futures after shutdown","type":"Internal Server Error","param":null,"code":500}}""", context.RequestAborted);
                break;
            case "abort":
                response.ContentType = "application/json";
                await response.WriteAsync(ScriptedVllm.Plain.Replace("\"stop\"", "\"abort\"", StringComparison.Ordinal), context.RequestAborted);
                break;
            case "stream abort":
                await ScriptedVllm.WriteFrameAsync(context, ScriptedVllm.Chunk("", "\"abort\""));
                await ScriptedVllm.WriteFrameAsync(context, "[DONE]");
                break;
            case "stream error":
                await ScriptedVllm.WriteFrameAsync(context, """{"error":{"message":"EngineCore","type":"InternalServerError","param":null,"code":500}}""");
                await ScriptedVllm.WriteFrameAsync(context, "[DONE]");
                break;
            case "stream ends" or "empty stream":
                response.ContentType = "text/event-stream";
                await response.Body.FlushAsync(context.RequestAborted);
                break;
            case "half a body":
                response.ContentType = "application/json";
                response.ContentLength = ScriptedVllm.Plain.Length;
                await response.WriteAsync(ScriptedVllm.Plain[..50], context.RequestAborted);
                context.Abort();
                break;
            case "redirect":
                response.Redirect("http://169.254.169.254/latest");
                break;
            default:
                response.ContentType = "text/event-stream";
                await response.WriteAsync(": keep-alive\n\n", context.RequestAborted);
                context.Abort();
                break;
        }
    }
}
