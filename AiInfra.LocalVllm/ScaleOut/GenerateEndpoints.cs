using System.Text.Json;
using AiInfra.LocalVllm.Chat;
using AiInfra.LocalVllm.Completions;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Messages;
using AiInfra.LocalVllm.Models;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.ScaleOut;

/// <summary>The endpoints of <c>--enable-scale-out</c>: prompts rendered to tokens on one machine, tokens generated on another.</summary>
internal sealed class GenerateEndpoints(
    ChatRequestReader chat,
    CompletionRequestReader completions,
    MessageRequestReader messages,
    TextGenerator generator,
    IInferenceEngine engine,
    ServedModels models,
    ServeSettings settings,
    TimeProvider time)
{
    public void Map(RouteTable routes)
    {
        if (!settings.ScaleOut)
        {
            return;
        }

        routes.Map("POST", "/v1/chat/completions/render", context => RenderAsync(context, body => chat.Read(context, body).Text));
        routes.Map("POST", "/v1/completions/render", context => RenderAsync(context, body => completions.Read(context, body).Text));
        routes.Map("POST", "/v1/messages/render", context => RenderAsync(context, body => messages.Read(context, body).Text));
        routes.Map("POST", "/v1/responses/render", context => RequireAsync(context, "input"));
        routes.Map("POST", "/v1/chat/completions/derender", context => RequireAsync(context, "generate_response", "DerenderChatRequest."));
        routes.Map("POST", "/v1/completions/derender", context => RequireAsync(context, "generate_responses"));
        routes.Map("POST", "/inference/v1/generate", GenerateAsync);
        routes.Map("POST", "/inference/v1/abort_requests", AbortAsync);
    }

    private static async Task RequireAsync(HttpContext context, string field, string inside = "")
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        if (!body.Has(field))
        {
            body.Issues.Add("missing", $"body.{inside}{field}", "Field required", ValidationIssues.Describe(document.RootElement));
        }

        body.Issues.ThrowIfAny();
        throw ApiError.BadRequest("This server does not render responses.", null);
    }

    private static async Task AbortAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        if (!FieldReader.ForBody(document.RootElement).Has("request_ids"))
        {
            throw new ApiError(400, "Bad Request", "Missing 'request_ids' in request body", null);
        }

        await Replies.EmptyAsync(context, 200);
    }

    private async Task RenderAsync(HttpContext context, Func<JsonElement, TextRequest> read)
    {
        using var document = await JsonBody.ReadAsync(context);
        var request = read(document.RootElement);
        await Replies.JsonAsync(context, 200, json => WriteRendered(json, request));
    }

    private void WriteRendered(Utf8JsonWriter json, TextRequest request)
    {
        json.WriteStartObject();
        json.WriteString("request_id", request.Id);
        ChatReplyWriter.WriteTokens(json, "token_ids", request.Prompts[0].Tokens);
        Nulls(json, "token_offsets", "features", "content_parts");
        WriteSampling(json, request);
        json.WriteString("model", models.NameFor(request.Adapter));
        Nulls(json, "reasoning_ended", "reasoning_parser_kwargs", "return_token_ids");
        json.WriteString("output_mode", "tokens");
        json.WriteBoolean("stream", false);
        json.WriteNull("stream_options");
        json.WriteString("cache_salt", request.CacheSalt);
        json.WriteNumber("priority", request.Priority);
        Nulls(json, "kv_transfer_params", "ec_transfer_params");
        json.WriteEndObject();
    }

    private static void WriteSampling(Utf8JsonWriter json, TextRequest request)
    {
        var sampling = request.Sampling;
        json.WriteStartObject("sampling_params");
        Number(json, "presence_penalty", sampling.PresencePenalty);
        Number(json, "frequency_penalty", sampling.FrequencyPenalty);
        Number(json, "repetition_penalty", sampling.RepetitionPenalty);
        Number(json, "temperature", sampling.Temperature);
        Number(json, "top_p", sampling.TopP);
        Number(json, "min_p", sampling.MinP);
        json.WriteStartArray("stop");
        foreach (var stop in request.Stops.Values)
        {
            json.WriteStringValue(stop);
        }

        json.WriteEndArray();
        ChatReplyWriter.WriteTokens(json, "stop_token_ids", sampling.StopTokens);
        json.WriteNumber("max_tokens", sampling.MaxTokens);
        json.WriteNumber("output_kind", 2);
        json.WriteBoolean("skip_clone", true);
        json.WriteStartArray("bad_words");
        json.WriteEndArray();
        json.WriteBoolean("skip_reading_prefix_cache", false);
        json.WriteEndObject();
    }

    private async Task GenerateAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        body.Required("token_ids");
        var parameters = body.Required("sampling_params");
        var tokens = body.Integers("token_ids") ?? [];
        body.Issues.ThrowIfAny();
        var adapter = models.Resolve(body.Text("model"));
        var fields = parameters is { ValueKind: JsonValueKind.Object } given
            ? SamplingReader.Read(new FieldReader(given, "body.sampling_params", body.Issues), null)
            : new SamplingReader.Fields();
        body.Issues.ThrowIfAny();
        SamplingReader.CheckLength(tokens.Count, engine.Model.MaxModelLength);
        var request = new TextRequest
        {
            Id = ReplyIds.Create("generate-tokens-", context, body.Text("request_id")),
            Prompts = [new Prompt([.. tokens], null)],
            Sampling = SamplingReader.Check(fields, SamplingReader.MaxTokens(fields.MaxTokens, tokens.Count, engine.Model.MaxModelLength)),
            Adapter = adapter,
        };
        var choices = await generator.CompleteAsync(request, context.RequestAborted);
        await Replies.JsonAsync(context, 200, json => WriteGenerated(json, request, choices));
    }

    private void WriteGenerated(Utf8JsonWriter json, TextRequest request, IReadOnlyList<CompletedChoice> choices)
    {
        json.WriteStartObject();
        json.WriteString("request_id", request.Id);
        json.WriteString("model", models.NameFor(request.Adapter));
        json.WriteNumber("created", time.GetUtcNow().ToUnixTimeSeconds());
        Usage.Of(request, choices).Write(json, settings.PromptTokensDetails, chat: false);
        Nulls(json, "prompt_logprobs", "prompt_token_id_logprobs", "prompt_token_ids", "mm_placeholders", "metrics", "kv_transfer_params", "ec_transfer_params");
        json.WriteString("output_mode", "tokens");
        json.WriteStartArray("choices");
        for (var i = 0; i < choices.Count; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("index", i);
            json.WriteString("finish_reason", Usage.Word(choices[i].Finish));
            ChatReplyWriter.WriteStopReason(json, choices[i].StopReason);
            ChatReplyWriter.WriteTokens(json, "token_ids", choices[i].Tokens);
            Nulls(json, "routed_experts", "sampling_mask");
            json.WriteStartArray("weight_versions");
            json.WriteStartObject();
            json.WriteString("version", "default");
            json.WriteNumber("start", 0);
            json.WriteNumber("end", choices[i].Tokens.Count);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteNull("logprobs");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(SamplingReader.Python(value));
    }

    private static void Nulls(Utf8JsonWriter json, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            json.WriteNull(name);
        }
    }
}
