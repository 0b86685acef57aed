using System.Text;
using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Models;
using AiInfra.LocalVllm.Serving;
using AiInfra.LocalVllm.Tools;

namespace AiInfra.LocalVllm.Messages;

/// <summary>Reads bodies of Anthropic's messages API.</summary>
internal sealed class MessageRequestReader(IInferenceEngine engine, ServedModels models, ServeSettings settings)
{
    public MessageRequest Read(HttpContext context, JsonElement root)
    {
        var body = FieldReader.ForBody(root);
        body.Required("model");
        body.Required("messages");
        body.Required("max_tokens");
        var fields = SamplingReader.Read(body, engine.Model.Defaults) with { Stops = body.Texts("stop_sequences") };
        var stream = body.Flag("stream", false);
        var (adapter, turns, tokens) = Prompt(body);
        var tools = Tools(body);
        var length = engine.Model.MaxModelLength;
        SamplingReader.CheckLength(tokens.Length, length);
        var sampling = SamplingReader.Check(fields, SamplingReader.MaxTokens(fields.MaxTokens, tokens.Length, length)) with { Constraint = tools.Constraint };
        var text = new TextRequest
        {
            Id = ReplyIds.Create("chatcmpl-", context, null),
            Prompts = [new Prompt(tokens, turns)],
            Sampling = sampling,
            Stops = new StopStrings(fields.Stops, false),
            CacheSalt = body.Text("cache_salt"),
            Adapter = adapter,
            Tools = tools.Tools,
        };
        return new MessageRequest(text, models.NameFor(adapter), tools, stream);
    }

    /// <summary>The prompt's length, for <c>count_tokens</c>.</summary>
    public int Count(JsonElement root)
    {
        var body = FieldReader.ForBody(root);
        body.Required("model");
        body.Required("messages");
        return Prompt(body).Tokens.Length;
    }

    private (string? Adapter, List<ChatTurn> Turns, int[] Tokens) Prompt(FieldReader body)
    {
        var model = body.Text("model");
        body.Issues.ThrowIfAny();
        var adapter = models.Resolve(model);
        var turns = new List<ChatTurn>();
        if (body.Value("system") is { } system)
        {
            turns.Add(new ChatTurn("system", Content(system)));
        }

        if (body.Value("messages") is { ValueKind: JsonValueKind.Array } messages)
        {
            foreach (var message in messages.EnumerateArray())
            {
                AddTurns(message, turns);
            }

            if (messages.GetArrayLength() == 0)
            {
                throw ApiError.BadRequest("Cannot apply chat template to an empty conversation. Provide at least one message.", null);
            }
        }

        SamplingReader.CheckCharacters(turns.Sum(turn => (long)turn.Content.Length), engine.Model.MaxModelLength);
        return (adapter, turns, engine.Tokenizer.EncodeChat(turns, addGenerationPrompt: true, continueFinalMessage: false));
    }

    private static void AddTurns(JsonElement message, List<ChatTurn> turns)
    {
        var role = Text(message, "role") ?? "user";
        if (!message.TryGetProperty("content", out var content) || content.ValueKind != JsonValueKind.Array)
        {
            turns.Add(new ChatTurn(role, content.ValueKind == JsonValueKind.String ? FieldReader.TextOf(content) : ""));
            return;
        }

        // A tool's result stands inside a user's message here; the template wants it as a turn of its own.
        var calls = new List<string>();
        foreach (var block in content.EnumerateArray())
        {
            switch (Text(block, "type"))
            {
                case "tool_result":
                    turns.Add(new ChatTurn("tool", block.TryGetProperty("content", out var result) ? Content(result) : "", ToolCallId: Text(block, "tool_use_id")));
                    break;
                case "tool_use":
                    var input = block.TryGetProperty("input", out var arguments) ? arguments.GetRawText() : "{}";
                    calls.Add($"{{\"function\":{{\"name\":\"{Text(block, "name")}\",\"arguments\":{JsonSerializer.Serialize(input)}}}}}");
                    break;
            }
        }

        var text = Content(content);
        if (text.Length > 0 || calls.Count > 0)
        {
            turns.Add(new ChatTurn(role, text, calls.Count > 0 ? $"[{string.Join(',', calls)}]" : null));
        }
    }

    private ToolChoice Tools(FieldReader body)
    {
        if (body.Value("tools") is not { ValueKind: JsonValueKind.Array } tools || tools.GetArrayLength() == 0)
        {
            return ToolChoice.None;
        }

        var functions = tools.EnumerateArray().Select(tool => (Name: Text(tool, "name"), Json: Function(tool))).ToList();
        var list = $"[{string.Join(',', functions.Select(function => function.Json))}]";
        var choice = body.Value("tool_choice") is { } given ? Text(given, "type") : "auto";
        var parse = settings.ToolCallParser is not null;
        if (choice is "auto" or "none")
        {
            return new ToolChoice(list, parse && choice == "auto", null);
        }

        var named = choice == "tool" ? functions.Where(function => function.Name == Text(body.Value("tool_choice")!.Value, "name")).ToList() : functions;
        return new ToolChoice(list, parse, new OutputConstraint(ConstraintKind.ToolCall, $"[{string.Join(',', named.Select(function => function.Json))}]"));
    }

    private static string Function(JsonElement tool)
    {
        var schema = tool.TryGetProperty("input_schema", out var given) ? given.GetRawText() : "{}";
        return $"{{\"type\":\"function\",\"function\":{{\"name\":{JsonSerializer.Serialize(Text(tool, "name"))},\"parameters\":{schema}}}}}";
    }

    private static string Content(JsonElement content)
    {
        if (content.ValueKind != JsonValueKind.Array)
        {
            return content.ValueKind == JsonValueKind.String ? FieldReader.TextOf(content) : "";
        }

        var text = new StringBuilder();
        foreach (var block in content.EnumerateArray())
        {
            if (Text(block, "type") == "text")
            {
                text.Append(text.Length > 0 ? "\n" : "").Append(Text(block, "text"));
            }
        }

        return text.ToString();
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? FieldReader.TextOf(value) : null;
}
