using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using AiInfra.Tests.LocalVllm;

namespace AiInfra.Tests.Gateway;

/// <summary>
/// What a real vLLM was asked and what it answered, with the gateway in between. What the gateway changes is listed here, and nothing else
/// may differ by a byte.
/// </summary>
public sealed partial class RecordedExchangeTests(ITestOutputHelper output)
{
    /// <summary>Fields of a request that the gateway adds or replaces, and why.</summary>
    private static readonly Dictionary<string, string> ChangedFields = new()
    {
        ["model"] = "an alias becomes the name that the replicas serve",
        ["cache_salt"] = "tenants share no prefix cache: a shared one tells what others asked",
        ["stream_options"] = "usage in every frame is asked for, so that a stream that is left pays for what it used; it is taken out again",
        ["priority"] = "engine-internal, by grant only",
        ["kv_transfer_params"] = "engine-internal, by grant only",
        ["vllm_xargs"] = "engine-internal, by grant only",
        ["request_id"] = "ids are the gateway's",
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static IReadOnlyList<RecordedExchange> Exchanges { get; } =
    [
        // A 401 is about a key that the gateway has and its callers do not: they get 502 (FailureTests).
        .. RecordedExchange.All().Where(exchange => exchange is { Raw: null, Method: "POST", Status: not 401 }
            && AiInfra.Gateway.Forwarding.ModelEndpoint.All.Any(endpoint => endpoint.Path == exchange.Path)),
    ];

    [Fact]
    public async Task Every_recorded_exchange_passes_unchanged_but_for_what_is_listed()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync(
            [replica], "--Gateway:Models:0:Name=smollm2", "--Gateway:Models:0:Aliases:0=smollm2-alias", "--Gateway:Models:0:Aliases:1=minilm", "--Gateway:Models:0:Aliases:2=ad1");
        var (same, refused, surprises) = (0, new Dictionary<string, int>(), new List<string>());
        foreach (var exchange in Exchanges)
        {
            var sent = BodyOf(exchange);
            replica.Requests.Clear();
            replica.Script = (context, _) => RecordedReplay.SendAsync(context, exchange);
            using var request = new HttpRequestMessage(HttpMethod.Post, exchange.Path) { Content = new ByteArrayContent(sent) };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", exchange.Headers?.FirstOrDefault(header => header[0] == "Content-Type")?[1] ?? "application/json");
            using var response = await gateway.Client.SendAsync(request, Cancelled);
            var answer = await response.Content.ReadAsByteArrayAsync(Cancelled);
            if (replica.Requests.IsEmpty)
            {
                // The gateway's own refusals: what vLLM would let pass or answer in another way.
                var reason = JsonDocument.Parse(answer).RootElement.GetProperty("error").GetProperty("message").GetString()!;
                Assert.True((int)response.StatusCode is >= 400 and < 500, $"{exchange.Name}: {(int)response.StatusCode} {reason}");
                refused[Shorten(reason)] = refused.GetValueOrDefault(Shorten(reason)) + 1;
                continue;
            }

            foreach (var problem in Compare(sent, replica.Requests.Last()).Concat(Compare(exchange, (int)response.StatusCode, answer)))
            {
                surprises.Add($"{exchange.Name}: {problem}");
            }

            same++;
        }

        output.WriteLine($"{same} passed, refused by the gateway: {string.Join("; ", refused.Select(entry => $"{entry.Value} × {entry.Key}"))}");
        Assert.True(surprises.Count == 0, string.Join('\n', surprises));
        Assert.True(same > 250, $"Only {same} of {Exchanges.Count} exchanges reached the replica: {string.Join("; ", refused)}");
    }

    // The replica must get the caller's fields as they were written, in their order, beside those that are listed.
    private static IEnumerable<string> Compare(byte[] sent, ScriptedRequest received)
    {
        // Some callers begin with a byte order mark; it stays where it is.
        var mark = sent.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? 3 : 0;
        if (sent.Length == mark || sent[mark] != (byte)'{')
        {
            if (!sent.AsSpan().SequenceEqual(received.Body))
            {
                yield return "the body is not the caller's";
            }

            yield break;
        }

        using var before = JsonDocument.Parse(sent.AsMemory(mark));
        using var after = JsonDocument.Parse(received.Body.AsMemory(mark));
        var kept = after.RootElement.EnumerateObject().Where(field => !ChangedFields.ContainsKey(field.Name)).Select(field => (field.Name, field.Value.GetRawText()));
        var written = before.RootElement.EnumerateObject().Where(field => !ChangedFields.ContainsKey(field.Name)).Select(field => (field.Name, field.Value.GetRawText()));
        if (!kept.SequenceEqual(written))
        {
            yield return $"fields differ: {Encoding.UTF8.GetString(received.Body)}";
        }
    }

    private static IEnumerable<string> Compare(RecordedExchange exchange, int status, byte[] answer)
    {
        var recorded = RecordedReplay.BodyOf(exchange);
        var text = Encoding.UTF8.GetString(answer);
        if (status != exchange.Status)
        {
            yield return $"{exchange.Status} became {status}: {text}";
        }
        else if (exchange.Status >= 400)
        {
            // One dialect; the engine's message stays.
            if (text.Length == 0 || MessageIn(recorded) != MessageIn(answer))
            {
                yield return $"another message: {text}";
            }
        }
        else if (!ExpectedOf(exchange, recorded).AsSpan().SequenceEqual(answer))
        {
            yield return $"the answer differs: {text[..Math.Min(text.Length, 400)]}";
        }
    }

    // A keep-alive before the first content is held back, while another replica may still be asked; usage that only the gateway asked for goes no further.
    private static byte[] ExpectedOf(RecordedExchange exchange, byte[] recorded)
    {
        if (exchange.Frames is null)
        {
            return recorded;
        }

        var text = Encoding.UTF8.GetString(recorded);
        while (text.StartsWith(':'))
        {
            text = text[(text.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
        }

        var body = JsonDocument.Parse(BodyOf(exchange)).RootElement;
        if (exchange.Path is "/v1/chat/completions" or "/v1/completions" && !WantsUsage(body, "include_usage"))
        {
            // A server that is told to send usage always sends it here, too.
            text = string.Concat(text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
                .Where(frame => !frame.Contains("\"choices\":[]", StringComparison.Ordinal)).Select(frame => Usage().Replace(frame, "") + "\n\n"));
        }

        return Encoding.UTF8.GetBytes(text);
    }

    private static bool WantsUsage(JsonElement body, string field) =>
        body.TryGetProperty("stream_options", out var options) && options.ValueKind == JsonValueKind.Object && options.TryGetProperty(field, out var wanted) && wanted.ValueKind == JsonValueKind.True;

    private static byte[] BodyOf(RecordedExchange exchange)
    {
        var bytes = exchange.Request(new Dictionary<string, string>());
        return bytes[(bytes.AsSpan().IndexOf("\r\n\r\n"u8) + 4)..];
    }

    private static string MessageIn(byte[] body)
    {
        try
        {
            var root = JsonDocument.Parse(body).RootElement;
            return root.TryGetProperty("error", out var error)
                ? error.ValueKind == JsonValueKind.Object ? error.GetProperty("message").GetString()! : error.GetString()!
                : root.GetProperty("detail").GetString()!;
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(body);
        }
    }

    [GeneratedRegex(""","usage":\{(?:[^{}]|\{[^{}]*\})*\}""")]
    private static partial Regex Usage();

    private static string Shorten(string reason) => reason.Length > 60 ? reason[..60] : reason;
}
