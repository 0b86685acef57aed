using System.Text.Json;
using AiInfra.LocalVllm.Chat;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Models;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Completions;

/// <summary>Reads a completion body.</summary>
internal sealed class CompletionRequestReader(IInferenceEngine engine, ServedModels models, ServeSettings settings)
{
    private const int DefaultMaxTokens = 16;

    public CompletionRequest Read(HttpContext context, JsonElement root)
    {
        var body = FieldReader.ForBody(root);
        var modelName = body.Text("model");
        var fields = SamplingReader.Read(body, engine.Model.Defaults);
        var stream = body.Flag("stream", false);
        var logprobs = body.Integer("logprobs");
        var promptLogprobs = body.Integer("prompt_logprobs");
        var echo = body.Flag("echo", false);
        var returnTokenIds = body.Flag("return_token_ids", false);
        var truncate = body.Integer("truncate_prompt_tokens");
        var priority = body.Integer("priority") ?? 0;
        var requestId = body.Text("request_id");
        var salt = body.Text("cache_salt");
        ConstraintReader.CheckShape(body);
        body.Issues.ThrowIfAny();

        var options = StreamOptionsReader.Read(body, stream, settings);
        if (logprobs > 20)
        {
            throw ApiError.BadRequest($"Requested sample logprobs of {logprobs}, which is greater than max allowed: 20 (parameter=logprobs, value={logprobs})", "logprobs");
        }

        if (salt is { Length: 0 })
        {
            throw ApiError.BadRequest("Parameter 'cache_salt' must be a non-empty string if provided. (parameter=cache_salt)", "cache_salt");
        }

        if (body.Value("prompt") is null or { ValueKind: JsonValueKind.String } && body.Value("prompt")?.GetString() is null or "")
        {
            throw ApiError.BadRequest("Either prompt or prompt_embeds must be provided and non-empty. (parameter=prompt)", "prompt");
        }

        var adapter = models.Resolve(modelName);
        if (body.Text("suffix") is { Length: > 0 })
        {
            throw ApiError.BadRequest("suffix is only supported for models with FIM completion rendering", "suffix");
        }

        var prompts = PromptReader.Read(body, engine.Tokenizer, engine.Model.MaxModelLength);
        if (truncate is > 0)
        {
            prompts = [.. prompts.Select(prompt => prompt with { Tokens = prompt.Tokens.Length > truncate ? prompt.Tokens[^(int)truncate..] : prompt.Tokens })];
        }

        var length = engine.Model.MaxModelLength;
        var longest = prompts.Max(prompt => prompt.Tokens.Length);
        var promptOnly = echo && fields.MaxTokens == 0;
        var asked = promptOnly ? 1 : fields.MaxTokens ?? DefaultMaxTokens;
        SamplingReader.CheckLength(longest, length, body.Value("prompt") is { ValueKind: JsonValueKind.Array });
        var sampling = SamplingReader.Check(fields, SamplingReader.MaxTokens(asked, longest, length)) with
        {
            Logprobs = logprobs is { } top ? (int)top : null,
            PromptLogprobs = promptLogprobs is { } count ? (int)count : echo && logprobs is { } echoed ? (int)echoed : null,
            Constraint = ConstraintReader.Read(body),
        };
        return new CompletionRequest
        {
            ModelName = models.NameFor(adapter),
            Stream = stream,
            StreamOptions = options,
            Echo = echo,
            PromptOnly = promptOnly,
            ReturnTokenIds = returnTokenIds,
            PromptLogprobs = sampling.PromptLogprobs is not null && !stream,
            Text = new TextRequest
            {
                Id = ReplyIds.Create("cmpl-", context, requestId),
                Prompts = prompts,
                Sampling = sampling,
                Choices = (int)fields.N,
                Stops = new StopStrings(fields.Stops, fields.IncludeStop),
                SkipSpecial = fields.SkipSpecial,
                Priority = (int)priority,
                CacheSalt = salt,
                Adapter = adapter,
            },
        };
    }
}
