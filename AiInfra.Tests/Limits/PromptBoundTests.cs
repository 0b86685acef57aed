using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Usage;
using AiInfra.LocalVllm.Engine;
using AiInfra.Tests.Fixtures;
using AiInfra.Tests.LocalVllm;
using AiInfra.Tests.SmolLm2;
using CsCheck;
using Microsoft.AspNetCore.Http;

namespace AiInfra.Tests.Limits;

/// <summary>What is reserved for a prompt is never less than what an engine charges for it.</summary>
public sealed class PromptBoundTests
{
    private const int TokensPerMedia = 4096;

    private static readonly string[] Pieces =
    [
        "The quick brown fox", " ", "\n\n", "\t", "  {  }  ", "\"quoted\"", "\\", "é", "日本語", "🎉👩‍👩‍👧", "<|im_end|>", "0x7f", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ZQXJ", "\u0001", ";;;;", "</tool_call>",
    ];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_engine_charges_no_more_than_the_bytes_say()
    {
        await using var server = await RunningServer.StartAsync("--engine-option profile=instant --max-model-len 65536");
        await using var pooling = await RunningServer.StartAsync("--engine-option profile=instant --runner pooling");

        await Gen.Int[0, 1 << 20].HoldsAsync(
            async seed =>
            {
                var random = new Random(seed);
                var (path, body) = Request(random);
                var reply = await (path is "/v1/embeddings" or "/v1/rerank" or "/v1/score" ? pooling : server).PostAsync(path, body);
                var charged = Charged(reply);

                Assert.True(charged > 0, reply.GetRawText());
                Assert.True(Bound(path, body.ToJsonString()) >= charged, $"{path}: {Bound(path, body.ToJsonString())} < {charged}: {body.ToJsonString()}");
            },
            cases: 150);
    }

    [Fact]
    public void Nor_does_a_tokenizer_that_was_trained() => Gen.Int[0, 1 << 20].Holds(
        seed =>
        {
            var turns = Turns(new Random(seed));
            var body = new JsonObject { ["model"] = "tiny", ["messages"] = Messages(turns) };
            return Bound("/v1/chat/completions", body.ToJsonString()) >= ModelFiles.Tokenizer.EncodeChat(turns, addGenerationPrompt: true, continueFinalMessage: false).Length;
        },
        cases: 300);

    [Fact]
    public void Tools_are_paid_for_as_a_template_writes_them() => Gen.Int[0, 1 << 20].Holds(
        seed =>
        {
            var tools = new JsonArray(Deep(new Random(seed), 6));
            var written = tools.ToJsonString(new JsonSerializerOptions { WriteIndented = true, IndentSize = 4 });
            var body = new JsonObject { ["model"] = "tiny", ["messages"] = new JsonArray(), ["tools"] = tools };
            return Bound("/v1/chat/completions", body.ToJsonString()) >= ModelFiles.Tokenizer.Encode(written).Length;
        },
        cases: 200);

    [Fact]
    public void A_picture_costs_what_the_policy_says_however_many_bytes_it_has()
    {
        var picture = "data:image/png;base64," + new string('A', 200_000);
        string[] bodies =
        [
            $$$$"""{"model":"tiny","messages":[{"role":"user","content":[{"type":"text","text":"What is it?"},{"type":"image_url","image_url":{"url":"{{{{picture}}}}"}}]}]}""",
            $$$"""{"model":"tiny","messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"{{{picture}}}"}}]}]}""",
            $$$"""{"model":"tiny","input":[{"role":"user","content":[{"type":"input_image","image_url":"{{{picture}}}"}]}]}""",
            $$$"""{"model":"tiny","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"{{{picture}}}","format":"wav"}}]}]}""",
        ];

        Assert.All(bodies, body => Assert.InRange(Bound("/v1/chat/completions", body), TokensPerMedia, TokensPerMedia + 1000));
    }

    [Theory]
    [InlineData("""{"model":"tiny","messages":[{"role":"assistant","content":"","tool_calls":[{"image_url":{"url":"data:TEXT"}}]}]}""")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x","arguments":{"content":[{"image_url":{"url":"data:TEXT"}}]}}]}""")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":[{"type":"text","text":"TEXT","url":"TEXT"}]}]}""")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":[[{"image_url":{"url":"data:TEXT"}}]]}]}""")]
    [InlineData("""{"model":"tiny","messages":[],"tools":[{"content":[{"image_url":{"url":"data:TEXT"}}]}]}""")]
    public void What_only_looks_like_a_picture_is_paid_for_as_text(string body) =>
        Assert.InRange(Bound("/v1/chat/completions", body.Replace("TEXT", new string('A', 50_000), StringComparison.Ordinal)), 50_000, long.MaxValue);

    [Fact]
    public void A_query_is_paid_for_with_every_document()
    {
        var body = $$"""{"model":"tiny","query":"{{new string('q', 1000)}}","documents":[{{string.Join(',', Enumerable.Repeat("\"d\"", 50))}}]}""";

        Assert.InRange(Bound("/v1/rerank", body), 50 * 1000, 70 * 1000);
    }

    private static long Bound(string path, string body)
    {
        var endpoint = ModelEndpoint.All.Single(endpoint => endpoint.Path == path);
        using var bytes = RequestBody.Of(Encoding.UTF8.GetBytes(body));
        var error = PreparedRequest.TryPrepare(endpoint, new Caller("key", "tenant", "user"), bytes, new DefaultHttpContext().Request, new MediaHosts([]), out var prepared);
        Assert.Null(error);
        return PromptBound.Of(prepared!, new ModelRoute("tiny", "tiny", new ReplicaPool("vllm", TimeProvider.System)), TokensPerMedia);
    }

    private static long Charged(JsonElement reply) => reply.TryGetProperty("usage", out var usage)
        ? (usage.TryGetProperty("prompt_tokens", out var prompt) ? prompt : usage.GetProperty("input_tokens")).GetInt64()
        : 0;

    private static (string Path, JsonObject Body) Request(Random random)
    {
        var turns = Turns(random);
        return random.Next(7) switch
        {
            0 => ("/v1/completions", new() { ["max_tokens"] = 1, ["prompt"] = Texts(random, 1 + random.Next(4)) }),
            1 => ("/v1/embeddings", new() { ["input"] = Texts(random, 1 + random.Next(40)) }),
            2 => ("/v1/rerank", new() { ["query"] = Text(random), ["documents"] = Texts(random, 1 + random.Next(60)) }),
            3 => ("/v1/score", new() { ["text_1"] = random.Next(2) == 0 ? Text(random) : Texts(random, 5), ["text_2"] = Texts(random, 5) }),
            4 => ("/v1/messages", new() { ["model"] = "./smollm2", ["max_tokens"] = 1, ["system"] = Text(random), ["messages"] = Messages([.. turns.Where(turn => turn.Role != "system")]) }),
            5 => ("/v1/responses", new() { ["max_output_tokens"] = 16, ["instructions"] = Text(random), ["input"] = Text(random) }),
            _ => ("/v1/chat/completions", new() { ["max_tokens"] = 1, ["n"] = 1 + random.Next(3), ["messages"] = Messages(turns) }),
        };
    }

    private static ChatTurn[] Turns(Random random) =>
        [.. Enumerable.Range(0, 1 + random.Next(6)).Select(i => new ChatTurn(i == 0 && random.Next(2) == 0 ? "system" : random.Next(2) == 0 ? "user" : "assistant", Text(random))).Append(new("user", Text(random)))];

    private static JsonArray Messages(ChatTurn[] turns) => [.. turns.Select(turn => new JsonObject { ["role"] = turn.Role, ["content"] = turn.Content })];

    private static JsonArray Texts(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => JsonValue.Create(Text(random)))];

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, 1 + random.Next(20)).Select(_ => Pieces[random.Next(Pieces.Length)]));

    private static JsonNode Deep(Random random, int depth) => random.Next(depth <= 0 ? 2 : 4) switch
    {
        0 => JsonValue.Create(random.Next(10)),
        1 => JsonValue.Create(Pieces[random.Next(Pieces.Length)]),
        2 => new JsonArray([.. Enumerable.Range(0, random.Next(6)).Select(_ => Deep(random, depth - 1))]),
        _ => new JsonObject(Enumerable.Range(0, random.Next(6)).Select(i => KeyValuePair.Create($"k{i}", (JsonNode?)Deep(random, depth - 1)))),
    };
}
