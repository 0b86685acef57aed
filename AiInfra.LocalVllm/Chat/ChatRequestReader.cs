using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Models;
using AiInfra.LocalVllm.Serving;
using AiInfra.LocalVllm.Tools;

namespace AiInfra.LocalVllm.Chat;

/// <summary>
/// Reads a chat body in vLLM's order, which decides what a request with several faults is told: shape, then fields that
/// contradict each other, then the model's name, then the prompt, then sampling.
/// </summary>
internal sealed class ChatRequestReader(IInferenceEngine engine, ServedModels models, ServeSettings settings)
{
    public ChatRequest Read(HttpContext context, JsonElement root)
    {
        var body = FieldReader.ForBody(root);
        var turns = TurnReader.Read(body, models.Primary);
        var modelName = body.Text("model");
        var fields = SamplingReader.Read(body, engine.Model.Defaults);
        var maxTokens = body.Integer("max_completion_tokens") ?? fields.MaxTokens;
        var stream = body.Flag("stream", false);
        var logprobs = body.Flag("logprobs", false);
        var topLogprobs = body.Integer("top_logprobs") ?? 0;
        var promptLogprobs = body.Integer("prompt_logprobs");
        var addGenerationPrompt = body.Flag("add_generation_prompt", true);
        var continueFinal = body.Flag("continue_final_message", false);
        var echo = body.Flag("echo", false);
        var returnTokenIds = body.Flag("return_token_ids", false);
        var truncate = body.Integer("truncate_prompt_tokens");
        var priority = body.Integer("priority") ?? 0;
        var requestId = body.Text("request_id");
        var salt = body.Text("cache_salt");
        ToolChoice.CheckShape(body);
        ConstraintReader.CheckShape(body);
        body.Issues.ThrowIfAny();

        var options = StreamOptionsReader.Read(body, stream, settings);
        CheckLogprobs(logprobs, topLogprobs, body.Has("top_logprobs"));
        if (salt is { Length: 0 })
        {
            throw ApiError.BadRequest("Parameter 'cache_salt' must be a non-empty string if provided. (parameter=cache_salt)", "cache_salt");
        }

        if (continueFinal && addGenerationPrompt)
        {
            throw ApiError.BadRequest("Cannot set both `continue_final_message` and `add_generation_prompt` to True. (parameter=continue_final_message)", "continue_final_message");
        }

        if (int.TryParse(context.Request.Headers["X-data-parallel-rank"], out var rank) && rank != 0)
        {
            throw ApiError.BadRequest($"data_parallel_rank {rank} is out of range [0, 1).", null);
        }

        var tools = ToolChoice.Read(body, settings);
        var constraint = tools.Constraint ?? ConstraintReader.Read(body);
        var adapter = models.Resolve(modelName);
        if (turns.Count == 0)
        {
            throw ApiError.BadRequest("Cannot apply chat template to an empty conversation. Provide at least one message.", null);
        }

        if (truncate is null)
        {
            SamplingReader.CheckCharacters(turns.Sum(turn => (long)turn.Content.Length), engine.Model.MaxModelLength);
        }

        var tokens = engine.Tokenizer.EncodeChat(turns, addGenerationPrompt && !continueFinal, continueFinal);
        if (truncate is > 0 && truncate < tokens.Length)
        {
            tokens = tokens[^(int)truncate..];
        }

        var length = engine.Model.MaxModelLength;
        SamplingReader.CheckLength(tokens.Length, length);
        var sampling = SamplingReader.Check(fields, SamplingReader.MaxTokens(maxTokens ?? engine.Model.Defaults?.MaxTokens, tokens.Length, length)) with
        {
            Logprobs = logprobs ? (int)topLogprobs : null,
            PromptLogprobs = promptLogprobs is { } count ? (int)count : echo ? 0 : null,
            Constraint = constraint,
        };
        return new ChatRequest
        {
            ModelName = models.NameFor(adapter),
            ToolChoice = tools,
            Stream = stream,
            StreamOptions = options,
            ReturnTokenIds = returnTokenIds,
            PromptLogprobs = sampling.PromptLogprobs is not null && !stream,
            Text = new TextRequest
            {
                Id = ReplyIds.Create("chatcmpl-", context, requestId),
                Prompts = [new Prompt(tokens, turns)],
                Sampling = sampling,
                Choices = (int)fields.N,
                Stops = new StopStrings(fields.Stops, fields.IncludeStop),
                SkipSpecial = fields.SkipSpecial,
                Priority = (int)priority,
                CacheSalt = salt,
                Adapter = adapter,
                Tools = tools.Tools,
            },
        };
    }

    private static void CheckLogprobs(bool logprobs, long top, bool topGiven)
    {
        if (top < 0 && top != -1)
        {
            throw ApiError.BadRequest($"`top_logprobs` must be a positive value or -1. (parameter=top_logprobs, value={top})", "top_logprobs");
        }

        if (topGiven && top != 0 && !logprobs)
        {
            throw ApiError.BadRequest("when using `top_logprobs`, `logprobs` must be set to true. (parameter=top_logprobs)", "top_logprobs");
        }

        if (top > 20)
        {
            throw ApiError.BadRequest($"Requested sample logprobs of {top}, which is greater than max allowed: 20 (parameter=logprobs, value={top})", "logprobs");
        }
    }
}
