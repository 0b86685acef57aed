using System.ClientModel;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;

namespace AiInfra.Tests.SmolLm2;

/// <summary>The real model through the HTTP surface.</summary>
[Collection(nameof(ServerFixture))]
public sealed class ServerTests(ServerFixture fixture)
{
    /// <summary>The layout that the model's makers found best: memories in the user's message.</summary>
    private const string MemorySystem = "Answer the question from the memories in one short sentence.";

    [Fact]
    public async Task Questions_about_memories_are_answered()
    {
        var right = 0;
        var wrong = new List<string>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForEachAsync(MemoryQuestions.All, options, async (item, _) =>
        {
            var answer = await fixture.Server.AskAsync(
                20, ("system", MemorySystem), ("user", $"Memories:\n- {string.Join("\n- ", item.Memories)}\n\nQuestion: {item.Question}"));
            if (answer.Contains(item.Expected, StringComparison.OrdinalIgnoreCase))
            {
                Interlocked.Increment(ref right);
            }
            else
            {
                lock (wrong)
                {
                    wrong.Add($"{item.Question} {answer}");
                }
            }
        });

        Assert.Equal(30, MemoryQuestions.All.Count);
        Assert.True(right >= 22, $"{right} right; wrong: {string.Join(" | ", wrong)}");
        TestContext.Current.SendDiagnosticMessage($"{right} of 30 right; wrong: {string.Join(" | ", wrong)}");
    }

    [Fact]
    public async Task A_chat_that_sets_no_limit_ends_even_where_the_model_would_go_on()
    {
        var reply = await fixture.Server.PostAsync(
            "/v1/chat/completions", new { messages = new[] { new { role = "user", content = "Count." } }, ignore_eos = true });

        Assert.Equal(256, reply.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal("length", reply.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task The_official_client_streams_an_answer()
    {
        var client = new ChatClient("smollm2", new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(fixture.Server.Address, "v1") });
        var text = new StringBuilder();
        var frames = 0;
        ChatFinishReason? finish = null;

        await foreach (var update in client.CompleteChatStreamingAsync(
            [new UserChatMessage("What is the capital of France?")],
            new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 16 },
            TestContext.Current.CancellationToken))
        {
            frames += update.ContentUpdate.Count;
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            finish ??= update.FinishReason;
        }

        Assert.Contains("Paris", text.ToString(), StringComparison.Ordinal);
        Assert.InRange(frames, 4, 16);
        Assert.Equal(ChatFinishReason.Stop, finish);
    }

    [Fact]
    public async Task The_list_of_models_and_the_log_say_what_answers_here()
    {
        var models = await fixture.Server.Client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken);

        Assert.Contains("135M-parameter model for trying the platform out", models, StringComparison.Ordinal);
        Assert.DoesNotContain("\"owned_by\":\"vllm\"", models, StringComparison.Ordinal);
        Assert.Contains("135M-parameter model for trying the platform out", fixture.Server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repeated_prompt_counts_cached_tokens_and_the_metrics_agree()
    {
        var question = $"Remember this number: {Guid.NewGuid()}. What was it?";
        var body = new { messages = new[] { new { role = "user", content = question } }, max_tokens = 2, temperature = 0 };
        await fixture.Server.PostAsync("/v1/chat/completions", body);
        var queries = await fixture.Server.MetricAsync("vllm:prefix_cache_queries_total");
        var hits = await fixture.Server.MetricAsync("vllm:prefix_cache_hits_total");

        var usage = (await fixture.Server.PostAsync("/v1/chat/completions", body)).GetProperty("usage");

        var prompt = usage.GetProperty("prompt_tokens").GetInt32();
        var cached = usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
        Assert.Equal((prompt - 1) / 16 * 16, cached);
        Assert.Equal(prompt, await fixture.Server.MetricAsync("vllm:prefix_cache_queries_total") - queries);
        Assert.Equal(cached, await fixture.Server.MetricAsync("vllm:prefix_cache_hits_total") - hits);
    }

    [Fact]
    public async Task A_schema_is_kept_and_one_that_cannot_be_is_a_400()
    {
        object Body(object schema) => new
        {
            messages = new[] { new { role = "user", content = "Give me the city Paris as JSON." } },
            temperature = 0,
            max_tokens = 40,
            response_format = new { type = "json_schema", json_schema = new { name = "city", schema } },
        };

        var properties = new { name = new { type = "string", maxLength = 12 }, inhabitants = new { type = "integer", minimum = 1 } };
        var reply = await fixture.Server.PostAsync("/v1/chat/completions", Body(new { type = "object", properties, required = new[] { "name", "inhabitants" } }));
        var refused = await fixture.Server.PostAsync("/v1/chat/completions", Body(new { type = "object", minProperties = 3 }));

        using var answer = JsonDocument.Parse(ModelServer.Content(reply));
        Assert.InRange(answer.RootElement.GetProperty("inhabitants").GetInt64(), 1, long.MaxValue);
        Assert.Equal(400, refused.GetProperty("error").GetProperty("code").GetInt32());
        Assert.Contains("minProperties", refused.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"choice": ["Berlin", "Paris", "Rome"]}""", "^(Berlin|Paris|Rome)$")]
    [InlineData("""{"regex": "[A-Z][a-z]{2,9}!"}""", "^[A-Z][a-z]{2,9}!$")]
    [InlineData("""{"json": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}}""", @"^\[\s*-?\d+\s*,\s*-?\d+\s*\]$")]
    [InlineData("""{"json_object": true}""", @"^\{[\s\S]*\}$")]
    public async Task Structured_outputs_are_kept_in_every_form(string outputs, string pattern)
    {
        var question = new[] { new { role = "user", content = "What is the capital of France?" } };
        var constraint = JsonSerializer.Deserialize<JsonElement>(outputs);
        var body = new { messages = question, temperature = 0, max_tokens = 24, structured_outputs = constraint };

        Assert.Matches(pattern, ModelServer.Content(await fixture.Server.PostAsync("/v1/chat/completions", body)));
        Assert.Matches(pattern, string.Concat(await StreamAsync(new { body.messages, body.temperature, body.max_tokens, body.structured_outputs, stream = true })));
    }

    [Fact]
    public async Task A_grammar_is_refused_in_vLLMs_shape_and_the_old_fields_are_ignored_as_vLLM_ignores_them()
    {
        var question = new[] { new { role = "user", content = "What is the capital of France?" } };

        var refused = await fixture.Server.PostAsync(
            "/v1/chat/completions", new { messages = question, max_tokens = 8, structured_outputs = new { grammar = "root ::= \"Paris\"" } });
        var ignored = await fixture.Server.PostAsync(
            "/v1/chat/completions", new { messages = question, temperature = 0, max_tokens = 8, guided_choice = new[] { "yes", "no" }, guided_grammar = "root ::= \"x\"" });

        var error = refused.GetProperty("error");
        Assert.Equal(400, error.GetProperty("code").GetInt32());
        Assert.Equal("BadRequestError", error.GetProperty("type").GetString());
        Assert.Contains("Grammar", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("Paris", ModelServer.Content(ignored), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forced_tool_is_called_with_arguments_that_fit_its_schema()
    {
        var parameters = new { type = "object", properties = new { city = new { type = "string" } }, required = new[] { "city" } };
        var reply = await fixture.Server.PostAsync("/v1/chat/completions", new
        {
            messages = new[] { new { role = "user", content = "What is the weather in Ghent?" } },
            temperature = 0,
            max_tokens = 60,
            tool_choice = "required",
            tools = new[] { new { type = "function", function = new { name = "get_weather", parameters } } },
        });

        var call = reply.GetProperty("choices")[0].GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function");
        Assert.Equal("get_weather", call.GetProperty("name").GetString());
        using var arguments = JsonDocument.Parse(call.GetProperty("arguments").GetString()!);
        Assert.Equal(JsonValueKind.String, arguments.RootElement.GetProperty("city").ValueKind);
    }

    [Fact]
    public async Task A_prompt_may_fill_the_context_and_not_exceed_it()
    {
        int[] Prompt(int length) => EngineFixture.Prose("field", length);

        var full = await fixture.Server.PostAsync("/v1/completions", new { prompt = Prompt(511), max_tokens = 5, temperature = 0 });
        var over = await fixture.Server.PostAsync("/v1/completions", new { prompt = Prompt(512), max_tokens = 5, temperature = 0 });

        Assert.Equal(1, full.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal(400, over.GetProperty("error").GetProperty("code").GetInt32());
        Assert.Contains("maximum context length is 512", over.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_string_ends_the_answer_wherever_tokens_end()
    {
        // "The capital of France is Paris." in tokens: The| capital| of| France| is| Paris|.
        foreach (var (stop, expected) in new[]
        {
            ("ital of Fr", "The cap"), ("is Paris", "The capital of France "), ("e is P", "The capital of Franc"), (".", "The capital of France is Paris"),
        })
        {
            var reply = await fixture.Server.PostAsync("/v1/chat/completions", Question(new { stop = new[] { "🙂", stop } }));
            var frames = await StreamAsync(Question(new { stop = new[] { "🙂", stop }, stream = true }));

            Assert.Equal(expected, ModelServer.Content(reply));
            Assert.Equal(expected, string.Concat(frames));
            Assert.Equal("stop", reply.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        }

        static Dictionary<string, object?> Question(object more)
        {
            var body = new Dictionary<string, object?>
            {
                ["messages"] = new[] { new { role = "user", content = "What is the capital of France?" } },
                ["temperature"] = 0,
                ["max_tokens"] = 16,
            };
            foreach (var property in JsonSerializer.SerializeToElement(more).EnumerateObject())
            {
                body[property.Name] = property.Value;
            }

            return body;
        }
    }

    [Theory]
    [InlineData("🙂👍🏽👨‍👩‍👧🇪🇺")]
    [InlineData("é한국日本")]
    public async Task Characters_cut_by_max_tokens_leave_whole_text(string characters)
    {
        // The tokens of the text one after another, whatever the model thinks of it, cut behind each of them.
        var tokens = ModelFiles.Tokenizer.Encode(characters);
        for (var length = 1; length <= tokens.Length; length++)
        {
            var bias = new Dictionary<string, int> { [$"{tokens[length - 1]}"] = 100 };
            var body = new { prompt = tokens[..length], max_tokens = 3, temperature = 0, logit_bias = bias, stream = true, stop = new[] { "🙂🙂🙂🙂🙂" } };
            var frames = await StreamAsync(body, "/v1/completions");

            Assert.All(frames, frame => Assert.Equal(frame, Encoding.UTF8.GetString(new UTF8Encoding(false, true).GetBytes(frame))));
        }
    }

    [Fact]
    public async Task Raw_text_and_tokens_go_both_ways()
    {
        var ids = await fixture.Server.PostAsync("/tokenize", new { prompt = "Grüße 🙂 <|im_end|>", add_special_tokens = false });
        var text = await fixture.Server.PostAsync("/detokenize", new { tokens = ids.GetProperty("tokens") });

        Assert.Equal("Grüße 🙂 <|im_end|>", text.GetProperty("prompt").GetString());
    }

    private async Task<List<string>> StreamAsync(object body, string path = "/v1/chat/completions")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = System.Net.Http.Json.JsonContent.Create(body) };
        using var response = await fixture.Server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        // Strict: a frame cut inside a character throws.
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken), new UTF8Encoding(false, true));
        var frames = new List<string>();
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.StartsWith("data: {", StringComparison.Ordinal))
            {
                using var frame = JsonDocument.Parse(line[6..]);
                var choice = frame.RootElement.GetProperty("choices")[0];
                var text = !choice.TryGetProperty("delta", out var delta) ? choice.GetProperty("text").GetString()
                    : delta.TryGetProperty("content", out var content) ? content.GetString()
                    : "";
                Assert.DoesNotContain("\\ud8", line, StringComparison.OrdinalIgnoreCase);
                frames.Add(text ?? "");
            }
        }

        return frames;
    }
}
