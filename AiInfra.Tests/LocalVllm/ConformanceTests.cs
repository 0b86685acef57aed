using System.Text.Json;

namespace AiInfra.Tests.LocalVllm;

public sealed class ConformanceTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Every_recorded_exchange_is_answered_as_vLLM_answered_it_but_for_the_listed_differences()
    {
        await using var servers = new RecordedServers();
        var ids = new Dictionary<string, string> { ["<path>/lora1"] = servers.AdapterFolder };
        var exchanges = RecordedExchange.All();
        var unexplained = new List<string>();
        var explained = new HashSet<DeliberateDifference>();
        var agreeing = 0;
        var (messages, sameMessages) = (0, 0);
        foreach (var exchange in exchanges)
        {
            var server = await servers.GetAsync(exchange.Server);
            var reply = await SendAsync(exchange, server, ids, unexplained);
            Remember(exchange, reply, ids);
            var differences = ReplyComparison.Differences(exchange, reply);
            agreeing += differences.Count == 0 ? 1 : 0;
            foreach (var difference in differences)
            {
                if (DeliberateDifference.Find(exchange.Name, difference) is { } reason)
                {
                    explained.Add(reason);
                }
                else
                {
                    unexplained.Add($"{exchange.Name} {difference}");
                }
            }

            if (Message(exchange.Json) is { } message)
            {
                messages++;
                sameMessages += message == Message(Parse(reply?.Text)) ? 1 : 0;
            }
        }

        output.WriteLine($"{agreeing} of {exchanges.Count} exchanges agree in every field ({100.0 * agreeing / exchanges.Count:0.0} %); error messages equal word for word: {sameMessages} of {messages}.");
        foreach (var reason in explained)
        {
            output.WriteLine($"on purpose: {reason.Where} in {reason.Exchanges}: {reason.Reason}");
        }

        Assert.True(unexplained.Count == 0, $"{unexplained.Count} differences:\n{string.Join('\n', unexplained)}");
        // A difference that is gone must leave the list.
        Assert.Empty(DeliberateDifference.All.Where(entry => entry.Always).Except(explained));
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
