using System.Text.Json;

namespace AiInfra.Tests.LocalVllm;

public sealed class ConformanceTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("simulated")]
    [InlineData("smollm2")]
    public async Task Every_recorded_exchange_is_answered_as_vLLM_answered_it_but_for_the_listed_differences(string engine)
    {
        using var servers = new RecordedServers(engine);
        var ids = new Dictionary<string, string> { ["<path>/lora1"] = servers.AdapterFolder };
        var unexplained = new List<string>();
        var explained = new HashSet<DeliberateDifference>();
        var (sent, replayed, agreeing, messages, sameMessages) = (0, 0, 0, 0, 0);
        // One server at a time: a real model takes memory.
        foreach (var exchanges in RecordedExchange.All().GroupBy(exchange => exchange.Server))
        {
            await using var server = await servers.StartAsync(exchanges.Key);
            foreach (var exchange in exchanges)
            {
                await PrepareAsync(exchange, server, engine);
                var reply = server is null ? null : await SendAsync(exchange, server, ids, unexplained);
                Remember(exchange, reply, ids);
                var differences = server is null ? ["server: one was recorded | none"] : ReplyComparison.Differences(exchange, reply);
                replayed += server is null ? 0 : 1;
                sent++;
                agreeing += differences.Count == 0 ? 1 : 0;
                foreach (var difference in differences)
                {
                    if (DeliberateDifference.Find(engine, exchange.Name, difference) is { } reason)
                    {
                        explained.Add(reason);
                    }
                    else
                    {
                        unexplained.Add($"{exchange.Name} {difference}");
                    }
                }

                if (server is not null && Message(exchange.Json) is { } message)
                {
                    messages++;
                    sameMessages += message == Message(Parse(reply?.Text)) ? 1 : 0;
                }
            }
        }

        output.WriteLine($"{engine}: {agreeing} of {sent} exchanges agree in every field ({100.0 * agreeing / sent:0.0} %), {replayed} were replayed; error messages equal word for word: {sameMessages} of {messages}.");
        foreach (var reason in explained)
        {
            output.WriteLine($"on purpose: {reason.Where} in {reason.Exchanges}: {reason.Reason}");
        }

        Assert.True(unexplained.Count == 0, $"{unexplained.Count} differences:\n{string.Join('\n', unexplained)}");
        // A difference that is gone must leave the list.
        Assert.Empty(DeliberateDifference.Of(engine).Where(entry => entry.Always).Except(explained));
    }

    // What the recorded server was doing when the request came.
    private static async Task PrepareAsync(RecordedExchange exchange, RunningServer? server, string engine)
    {
        switch (exchange.Name)
        {
            case "responses-store/background" when engine == "simulated":
                // The next requests find it in the queue, however slow this machine is.
                await server!.TroubleAsync(new { kind = "hang-engine" });
                break;
            case "dev-mode/is_sleeping" when engine == "simulated":
                await server!.TroubleAsync(new { kind = "none" });
                break;
            case "dev-mode/reset_prefix_cache":
                // Nothing ran any more.
                await Eventually.HoldsAsync(async () => await server!.MetricAsync("vllm:num_requests_running") + await server!.MetricAsync("vllm:num_requests_waiting") == 0);
                break;
        }
    }

    private static async Task<RawReply?> SendAsync(RecordedExchange exchange, RunningServer server, Dictionary<string, string> ids, List<string> unexplained)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        try
        {
            return await RawExchange.SendAsync(server.Address, exchange.Request(ids), patience.Token);
        }
        catch (Exception problem) when (problem is OperationCanceledException or IOException && !TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            unexplained.Add($"{exchange.Name} {problem.GetType().Name}");
            return null;
        }
    }

    // Later requests name what earlier ones created.
    private static void Remember(RecordedExchange exchange, RawReply? reply, Dictionary<string, string> ids)
    {
        if (exchange.Id is { Length: > 5 } id && Parse(reply?.Text) is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("id", out var now) && now.ValueKind == JsonValueKind.String)
        {
            ids.TryAdd(id, now.GetString()!);
        }
    }

    private static string? Message(JsonElement? body) =>
        body is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out var message)
            ? message.GetString()
            : null;

    private static JsonElement? Parse(string? text)
    {
        try
        {
            return text is null ? null : JsonSerializer.Deserialize<JsonElement>(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
