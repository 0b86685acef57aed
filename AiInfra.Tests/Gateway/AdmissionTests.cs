namespace AiInfra.Tests.Gateway;

public sealed class AdmissionTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Over_the_limit_a_request_waits_and_beyond_the_queue_it_is_told_when_to_come_back()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica], "--Admission:MaxInFlightPerReplica=1", "--Admission:MaxQueued=1");
        var goOn = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        replica.Script = async (context, request) =>
        {
            arrived.TrySetResult();
            await goOn.Task;
            await ScriptedVllm.AnswerAsVllm(context, request);
        };

        var running = gateway.ChatAsync();
        await arrived.Task.WaitAsync(Cancelled);
        var others = new[] { gateway.ChatAsync(), gateway.ChatAsync() };
        using var refused = await await Task.WhenAny(others);

        Assert.Equal(429, (int)refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Contains("\"code\":\"overloaded\"", await refused.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Single(replica.Requests);

        goOn.SetResult();
        using var first = await running;
        using var waited = await others.Single(other => !other.IsCompleted || other.Result != refused);
        Assert.Equal((200, 200), ((int)first.StatusCode, (int)waited.StatusCode));
    }

    [Fact]
    public async Task A_request_waits_no_longer_than_it_may_and_one_whose_caller_left_frees_its_place()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica], "--Admission:MaxInFlightPerReplica=1", "--Admission:MaxWait=00:00:00.300");
        var goOn = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        replica.Script = async (context, request) =>
        {
            arrived.TrySetResult();
            await goOn.Task.WaitAsync(context.RequestAborted);
            await ScriptedVllm.AnswerAsVllm(context, request);
        };
        using var leave = new CancellationTokenSource();
        var left = gateway.Client.PostAsync("/v1/chat/completions", GatewayServer.Json("""{"model":"tiny"}"""), leave.Token);
        await arrived.Task.WaitAsync(Cancelled);

        using var late = await gateway.ChatAsync();
        Assert.Equal(429, (int)late.StatusCode);

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        goOn.SetResult();
        using var next = await gateway.ChatAsync();
        Assert.Equal(200, (int)next.StatusCode);
    }

    [Fact]
    public async Task The_route_is_told_to_whoever_may_know_it()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var granted = await GatewayServer.StartAsync([replica], "--Gateway:Keys:0:AllowRouteReceipt=true");
        await using var plain = await GatewayServer.StartAsync([replica]);
        granted.Client.DefaultRequestHeaders.Add("x-aiinfra-route", "1");
        plain.Client.DefaultRequestHeaders.Add("x-aiinfra-route", "1");

        using var told = await granted.ChatAsync();
        using var silent = await plain.ChatAsync();

        Assert.Contains($"replica=127.0.0.1:{replica.Port}", Assert.Single(told.Headers.GetValues("x-aiinfra-route")), StringComparison.Ordinal);
        Assert.False(silent.Headers.Contains("x-aiinfra-route"));
    }

    [Fact]
    public async Task Metrics_say_what_happened_by_model()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);
        using var response = await gateway.ChatAsync();
        await response.Content.ReadAsStringAsync(Cancelled);

        var metrics = await gateway.Internal.GetStringAsync("/metrics", Cancelled);
        foreach (var line in new[]
        {
            "aiinfra_gateway_requests_total{", "aiinfra_gateway_tokens_total{", "gen_ai_server_time_to_first_token_seconds_bucket{",
            "gen_ai_server_time_per_output_token_seconds_bucket{", "aiinfra_gateway_overhead_seconds_bucket{", "aiinfra_gateway_replicas{",
        })
        {
            Assert.Contains(line, metrics, StringComparison.Ordinal);
        }

        Assert.Contains("model=\"tiny\",outcome=\"ok\"", metrics, StringComparison.Ordinal);
    }
}
