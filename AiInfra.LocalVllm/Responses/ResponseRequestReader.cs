using System.Text;
using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Models;
using AiInfra.LocalVllm.Serving;
using AiInfra.LocalVllm.Tools;

namespace AiInfra.LocalVllm.Responses;

/// <summary>Reads a body of <c>/v1/responses</c>.</summary>
internal sealed class ResponseRequestReader(IInferenceEngine engine, ServedModels models, ServeSettings settings, ResponseStore store)
{
    public ResponseRequest Read(HttpContext context, JsonElement root)
    {
        var body = FieldReader.ForBody(root);
        if (!body.Has("input"))
        {
            // The server adds a request id before it validates, which the count shows.
            body.Issues.Add("missing", "body.input", "Field required", $"<dict of {root.EnumerateObject().Count() + 1} items>");
        }

        var fields = SamplingReader.Read(body, engine.Model.Defaults);
        var maxOutput = body.Integer("max_output_tokens");
        var background = body.Flag("background", false);
        var storing = body.Flag("store", true) && settings.ResponsesStore;
        var instructions = body.Text("instructions");
        var previousId = body.Text("previous_response_id");
        var modelName = body.Text("model");
        var stream = body.Flag("stream", false);
        body.Issues.ThrowIfAny();

        var adapter = models.Resolve(modelName);
        if (background && !settings.ResponsesStore)
        {
            throw new ApiError(
                400,
                "invalid_request_error",
                "This vLLM engine does not support `store=True` and therefore does not support the background mode. To enable these features, set the "
                + "environment variable `VLLM_ENABLE_RESPONSES_API_STORE=1` when launching the vLLM server.",
                "background");
        }

        var turns = Turns(body, instructions, previousId);
        var tools = Tools(body);
        var constraint = tools.Constraint ?? Format(body);
        SamplingReader.CheckCharacters(turns.Sum(turn => (long)turn.Content.Length), engine.Model.MaxModelLength);
        var tokens = engine.Tokenizer.EncodeChat(turns, addGenerationPrompt: true, continueFinalMessage: false);
        var length = engine.Model.MaxModelLength;
        SamplingReader.CheckLength(tokens.Length, length);
        var maxTokens = SamplingReader.MaxTokens(maxOutput ?? engine.Model.Defaults?.MaxTokens, tokens.Length, length);
        return new ResponseRequest
        {
            ModelName = models.NameFor(adapter),
            ToolChoice = tools,
            Turns = turns,
            Instructions = instructions,
            PreviousId = previousId,
            Stream = stream,
            Background = background,
            Store = storing,
            MaxOutputTokens = maxTokens,
            TopP = fields.TopP ?? 1,
            Echo = ResponseEchoes.Of(body),
            Text = new TextRequest
            {
                Id = ReplyIds.Create("resp_", context, body.Text("request_id")),
                Prompts = [new Prompt(tokens, turns)],
                Sampling = SamplingReader.Check(fields, maxTokens) with { Constraint = constraint },
                CacheSalt = body.Text("cache_salt"),
                Priority = (int)(body.Integer("priority") ?? 0),
                Adapter = adapter,
                Tools = tools.Tools,
            },
        };
    }

    private List<ChatTurn> Turns(FieldReader body, string? instructions, string? previousId)
    {
        var turns = new List<ChatTurn>();
        if (instructions is not null)
        {
            turns.Add(new ChatTurn("system", instructions));
        }

        if (previousId is not null)
        {
            var previous = store.Find(previousId) ?? throw ResponseStore.NotFound(previousId);
            turns.AddRange(previous.Request.Turns.Where(turn => turn.Role != "system"));
            turns.Add(new ChatTurn("assistant", previous.Text));
        }

        var input = body.Value("input");
        if (input is { ValueKind: JsonValueKind.String } text)
        {
            turns.Add(new ChatTurn("user", FieldReader.TextOf(text)));
        }
        else if (input is { ValueKind: JsonValueKind.Array } items)
        {
            turns.AddRange(items.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object).Select(Turn));
        }

        return turns.Count > 0 ? turns : throw ApiError.BadRequest("Cannot apply chat template to an empty conversation. Provide at least one message.", null);
    }

    private static ChatTurn Turn(JsonElement item)
    {
        var type = Text(item, "type");
        return type switch
        {
            "function_call" => new ChatTurn("assistant", "", $"[{{\"function\":{{\"name\":\"{Text(item, "name")}\",\"arguments\":{JsonSerializer.Serialize(Text(item, "arguments"))}}}}}]"),
            "function_call_output" => new ChatTurn("tool", Text(item, "output") ?? "", ToolCallId: Text(item, "call_id")),
            _ => new ChatTurn(Text(item, "role") ?? "user", item.TryGetProperty("content", out var content) ? Content(content) : ""),
        };
    }

    private static string Content(JsonElement content)
    {
        if (content.ValueKind != JsonValueKind.Array)
        {
            return content.ValueKind == JsonValueKind.String ? FieldReader.TextOf(content) : "";
        }

        var text = new StringBuilder();
        foreach (var part in content.EnumerateArray())
        {
            text.Append(text.Length > 0 ? "\n" : "").Append(Text(part, "text"));
        }

        return text.ToString();
    }

    private ToolChoice Tools(FieldReader body)
    {
        if (body.Value("tools") is not { ValueKind: JsonValueKind.Array } tools)
        {
            return ToolChoice.None;
        }

        // The responses API has the function's fields beside the type; the parser's form has them inside "function".
        var functions = tools.EnumerateArray().Where(tool => Text(tool, "type") == "function")
            .Select(tool => $"{{\"type\":\"function\",\"function\":{tool.GetRawText()}}}").ToList();
        if (functions.Count == 0)
        {
            return ToolChoice.None;
        }

        var list = $"[{string.Join(',', functions)}]";
        var choice = body.Value("tool_choice") is { } given ? given.GetRawText() : "\"auto\"";
        if (choice == "\"none\"")
        {
            return new ToolChoice(list, false, null);
        }

        var parse = settings.ToolCallParser is not null;
        return choice == "\"auto\"" ? new ToolChoice(list, parse, null) : new ToolChoice(list, parse, new OutputConstraint(ConstraintKind.ToolCall, list));
    }

    private static OutputConstraint? Format(FieldReader body) =>
        body.Value("text") is { ValueKind: JsonValueKind.Object } text && text.TryGetProperty("format", out var format) && format.ValueKind == JsonValueKind.Object
            ? Text(format, "type") switch
            {
                "json_schema" when format.TryGetProperty("schema", out var schema) => new OutputConstraint(ConstraintKind.JsonSchema, schema.GetRawText()),
                "json_object" => new OutputConstraint(ConstraintKind.JsonObject, ""),
                _ => null,
            }
            : null;

    private static string? Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? FieldReader.TextOf(value) : null;
}
