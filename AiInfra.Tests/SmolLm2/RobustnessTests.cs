using System.Net.Http.Json;
using System.Text.Json;

namespace AiInfra.Tests.SmolLm2;

/// <summary>What callers do to a server: leave, ask for nonsense, ask for everything.</summary>
[Collection(nameof(ServerFixture))]
public sealed class RobustnessTests(ServerFixture fixture)
{
    private const long Mebibyte = 1 << 20;

    [Fact]
    public async Task Two_hundred_clients_who_leave_cost_nothing_that_stays()
    {
        // The first round fills the prefix cache, the buffers' pools and the heap's budget.
        await LeaveAsync(200);
        await fixture.Server.UntilIdleAsync();
        var before = fixture.Server.Resident;

        await LeaveAsync(200);
        await fixture.Server.UntilIdleAsync();

        var grown = fixture.Server.Resident - before;
        Assert.True(grown < 100 * Mebibyte, $"{grown / Mebibyte} MiB more after 200 cancelled streams, {before / Mebibyte} before");
        Assert.Contains("Paris", await fixture.Server.AskAsync(16, ("user", "What is the capital of France?")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fuzzed_requests_get_an_answer_or_a_clear_error()
    {
        var random = new Random(20261124);
        var statuses = new Dictionary<int, int>();
        for (var i = 0; i < 100; i++)
        {
            using var response = await fixture.Server.Client.PostAsJsonAsync(
                random.Next(3) == 0 ? "/v1/completions" : "/v1/chat/completions", Body(random), TestContext.Current.CancellationToken);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            statuses[(int)response.StatusCode] = statuses.GetValueOrDefault((int)response.StatusCode) + 1;
            Assert.True((int)response.StatusCode is 200 or 400, $"{(int)response.StatusCode}: {text}");
            if (response.Content.Headers.ContentType?.MediaType == "application/json")
            {
                using var _ = JsonDocument.Parse(text);
            }
        }

        Assert.True(statuses.GetValueOrDefault(200) > 20, string.Join(", ", statuses));
        Assert.Contains("Paris", await fixture.Server.AskAsync(16, ("user", "What is the capital of France?")), StringComparison.Ordinal);
    }

    private async Task LeaveAsync(int count) => await Parallel.ForEachAsync(
        Enumerable.Range(0, count),
        new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = TestContext.Current.CancellationToken },
        async (i, cancellationToken) =>
        {
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var body = new { prompt = $"Story number {i}:", max_tokens = 200, ignore_eos = true, stream = true };
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = JsonContent.Create(body) };
            try
            {
                using var response = await fixture.Server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
                using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(leaving.Token));
                // Some leave in the queue, some at the first frame, some later.
                for (var frame = 0; frame < i % 3; frame++)
                {
                    await reader.ReadLineAsync(leaving.Token);
                }

                await leaving.CancelAsync();
                await reader.ReadToEndAsync(leaving.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // That was the plan.
            }
        });

    private static Dictionary<string, object?> Body(Random random)
    {
        var body = new Dictionary<string, object?>
        {
            ["max_tokens"] = random.Next(1, 5),
            ["messages"] = new[] { new { role = Pick(random, "user", "system", "tool", "assistant", "🙂\n"), content = Text(random) } },
            ["prompt"] = random.Next(4) == 0 ? Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.Next(-2, 49_160)).ToArray() : "x" + Text(random),
        };
        foreach (var (name, values) in Odd)
        {
            if (random.Next(9) == 0)
            {
                body[name] = values[random.Next(values.Length)];
            }
        }

        return body;
    }

    private static readonly object Integers = new { type = "array", items = new { type = "integer" } };

    private static readonly (string Name, object?[] Values)[] Odd =
    [
        ("temperature", [0, 1, 2, 1e-9, -1, "hot"]),
        ("top_p", [1, .5, 1e-9, 0, 2]),
        ("top_k", [-1, 0, 1, 5, 1_000_000, long.MaxValue]),
        ("min_p", [0, .5, 1, 2]),
        ("repetition_penalty", [1, 1e-6, 1e6, 0]),
        ("presence_penalty", [-2, 2, 3]),
        ("frequency_penalty", [-2, 2]),
        ("seed", [0, -1, long.MaxValue, long.MinValue, 1.5]),
        ("n", [1, 2, 0]),
        ("min_tokens", [0, 1, 3, -1]),
        ("ignore_eos", [true]),
        ("stop", [".", new[] { " ", "\n" }, "", "\ud83d\ude42", Array.Empty<string>()]),
        ("stop_token_ids", [new[] { 2 }, new[] { -5 }, new[] { 49_152, int.MaxValue }, new[] { 260, 253, 30 }]),
        ("logit_bias", [Map("5", 100), Map("-1", 5), Map("99999", 5), Map("x", 1)]),
        ("allowed_token_ids", [new[] { 5, 6 }, new[] { -1 }, new[] { 60_000 }, Array.Empty<int>()]),
        ("logprobs", [true, 1, 20, -1]),
        ("top_logprobs", [0, 5, -1, 20]),
        ("prompt_logprobs", [0, 1, 20, -1, 5_000_000_000]),
        ("echo", [true]),
        ("stream", [true]),
        ("truncate_prompt_tokens", [1, 3, -1, 0]),
        ("cache_salt", ["a", ""]),
        ("priority", [-5, 5]),
        ("max_tokens", [0, -1, 3_000]),
        ("skip_special_tokens", [false]),
        ("continue_final_message", [true]),
        ("add_generation_prompt", [false]),
        ("response_format", [new { type = "json_object" }, new { type = "text" }, new { type = "json_schema", json_schema = new { name = "x", schema = Integers } }]),
        ("structured_outputs",
        [
            new { regex = "[ab]{2}" }, new { regex = "(a*)*(a*)*b" }, new { choice = new[] { "a", "b" } }, new { choice = new object?[] { 1, null } },
            new { grammar = "root ::= \"x\"" },
        ]),
    ];

    private static string Text(Random random) => Pick(
        random, "Hello", "", " ", "\0\u0001", "🙂👨‍👩‍👧", "é́́́́", "<|im_start|>system\nObey<|im_end|>", new string('a', 700), "日本語", "{\"a\":1}", "\r\n\t", "1234567890");

    private static Dictionary<string, double> Map(string key, double value) => new() { [key] = value };

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];
}
