using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Http;

namespace AiInfra.LocalVllm.Generation;

/// <summary>Reads and checks the sampling fields that chat and completions share, with vLLM's messages.</summary>
internal static class SamplingReader
{
    /// <summary>Fields whose shape is checked with the rest of the body.</summary>
    internal sealed record Fields
    {
        public double? Temperature { get; init; }

        public double? TopP { get; init; }

        public long? TopK { get; init; }

        public double? MinP { get; init; }

        public double? RepetitionPenalty { get; init; }

        public double? PresencePenalty { get; init; }

        public double? FrequencyPenalty { get; init; }

        public long? Seed { get; init; }

        public long N { get; init; } = 1;

        public long? MaxTokens { get; init; }

        public long MinTokens { get; init; }

        public bool IgnoreEos { get; init; }

        public bool SkipSpecial { get; init; } = true;

        public bool IncludeStop { get; init; }

        public IReadOnlyList<string> Stops { get; init; } = [];

        public IReadOnlyList<int> StopTokens { get; init; } = [];

        public IReadOnlyList<int>? AllowedTokens { get; init; }

        public JsonElement? LogitBias { get; init; }
    }

    public static Fields Read(FieldReader body, GenerationDefaults? defaults) => new()
    {
        Temperature = body.Number("temperature") ?? defaults?.Temperature,
        TopP = body.Number("top_p") ?? defaults?.TopP,
        TopK = body.Integer("top_k"),
        MinP = body.Number("min_p"),
        RepetitionPenalty = body.Number("repetition_penalty"),
        PresencePenalty = body.Number("presence_penalty"),
        FrequencyPenalty = body.Number("frequency_penalty"),
        Seed = body.Integer("seed"),
        N = body.Integer("n") ?? 1,
        MaxTokens = body.Integer("max_tokens"),
        MinTokens = body.Integer("min_tokens") ?? 0,
        IgnoreEos = body.Flag("ignore_eos", false),
        SkipSpecial = body.Flag("skip_special_tokens", true),
        IncludeStop = body.Flag("include_stop_str_in_output", false),
        Stops = body.Texts("stop"),
        StopTokens = body.Integers("stop_token_ids") ?? [],
        AllowedTokens = body.Integers("allowed_token_ids"),
        LogitBias = body.Value("logit_bias"),
    };

    /// <param name="fields">What the body says.</param>
    /// <param name="maxTokens">Answer tokens allowed, after the cut to the context.</param>
    /// <exception cref="ApiError">400 for values out of range.</exception>
    public static SamplingParameters Check(Fields fields, int maxTokens)
    {
        var temperature = fields.Temperature ?? 1;
        if (fields.N < 1)
        {
            throw ApiError.BadRequest($"n must be at least 1, got {fields.N}.", null);
        }

        if (fields.N > 16384)
        {
            throw ApiError.BadRequest($"n must be at most 16384, got {fields.N}. To increase this limit, set the VLLM_MAX_N_SEQUENCES environment variable.", null);
        }

        Range("presence_penalty", fields.PresencePenalty, -2, 2);
        Range("frequency_penalty", fields.FrequencyPenalty, -2, 2);
        if (fields.RepetitionPenalty is { } repetition && !(repetition > 0))
        {
            throw ApiError.BadRequest($"repetition_penalty must be greater than zero, got {Python(repetition)}.", null);
        }

        if (!double.IsFinite(temperature))
        {
            throw Named("temperature", $"temperature must be a finite number, got {Python(temperature)}.", temperature);
        }

        if (temperature < 0)
        {
            throw Named("temperature", $"temperature must be non-negative, got {Python(temperature)}.", temperature);
        }

        if (temperature > 2)
        {
            throw Named("temperature", $"temperature must be in [0, 2], got {Python(temperature)}.", temperature);
        }

        if (fields.TopP is { } topP && topP is not (> 0 and <= 1))
        {
            throw Named("top_p", $"top_p must be in (0, 1], got {Python(topP)}.", topP);
        }

        if (fields.TopK is < -1)
        {
            throw ApiError.BadRequest($"top_k must be 0 (disable), or at least 1, got {fields.TopK}.", null);
        }

        if (fields.MinP is { } minP && minP is not (>= 0 and <= 1))
        {
            throw ApiError.BadRequest($"min_p must be in [0, 1], got {Python(minP)}.", null);
        }

        if (fields.MinTokens < 0)
        {
            throw ApiError.BadRequest($"min_tokens must be greater than or equal to 0, got {fields.MinTokens}.", null);
        }

        if (fields.MinTokens > maxTokens)
        {
            throw ApiError.BadRequest($"min_tokens must be less than or equal to max_tokens={maxTokens}, got {fields.MinTokens}.", null);
        }

        if (fields.Stops.Any(stop => stop.Length == 0))
        {
            throw ApiError.BadRequest("stop cannot contain an empty string.", null);
        }

        if (temperature == 0 && fields.N > 1)
        {
            throw ApiError.BadRequest($"n must be 1 when using greedy sampling, got {fields.N}.", null);
        }

        return new SamplingParameters
        {
            MaxTokens = maxTokens,
            MinTokens = (int)fields.MinTokens,
            Temperature = temperature,
            TopP = fields.TopP ?? 1,
            TopK = (int)Math.Clamp(fields.TopK ?? 0, 0, int.MaxValue),
            MinP = fields.MinP ?? 0,
            RepetitionPenalty = fields.RepetitionPenalty ?? 1,
            PresencePenalty = fields.PresencePenalty ?? 0,
            FrequencyPenalty = fields.FrequencyPenalty ?? 0,
            Seed = fields.Seed,
            IgnoreEndOfTurn = fields.IgnoreEos,
            StopTokens = fields.StopTokens,
            AllowedTokens = fields.AllowedTokens,
            LogitBias = Bias(fields.LogitBias),
        };
    }

    /// <summary>How many answer tokens a request may have: what it asks for, cut silently to what the context leaves.</summary>
    /// <exception cref="ApiError">400: it asks for none, or for more than the model can ever give.</exception>
    public static int MaxTokens(long? asked, int promptTokens, int maxModelLength)
    {
        if (asked is < 1)
        {
            throw Named("max_tokens", $"max_tokens must be at least 1, got {asked}.", asked.Value);
        }

        if (asked > maxModelLength)
        {
            throw Named("max_tokens", $"max_tokens={asked} cannot be greater than max_model_len={maxModelLength}. Please request fewer output tokens.", asked.Value);
        }

        return (int)Math.Min(asked ?? long.MaxValue, maxModelLength - promptTokens);
    }

    /// <summary>Refuses a text that cannot fit however it is tokenized, before it is tokenized.</summary>
    /// <exception cref="ApiError">400: the text is far too long.</exception>
    public static void CheckCharacters(long characters, int maxModelLength)
    {
        // The longest token of the recorded model has so many characters.
        const int longestToken = 81;
        if (characters > (long)maxModelLength * longestToken)
        {
            throw ApiError.BadRequest(
                $"This model's maximum context length is {maxModelLength} tokens. However, your prompt contains {characters} characters (more than "
                + $"{(long)maxModelLength * longestToken} characters, which is the upper bound for {maxModelLength} input tokens). Please reduce the length of the input prompt. "
                + $"(parameter=input_text, value={characters})",
                "input_text");
        }
    }

    /// <param name="promptTokens">The prompt's length.</param>
    /// <param name="maxModelLength">The context.</param>
    /// <param name="fromIds">The caller gave token ids, whose number is known; a text is only tokenized as far as it matters.</param>
    /// <exception cref="ApiError">400: the prompt leaves no room for an answer.</exception>
    public static void CheckLength(int promptTokens, int maxModelLength, bool fromIds = false)
    {
        if (promptTokens >= maxModelLength)
        {
            var shown = fromIds ? promptTokens : Math.Min(promptTokens, maxModelLength + 1);
            throw ApiError.BadRequest(
                $"This model's maximum context length is {maxModelLength} tokens. However, your prompt contains {(fromIds ? "" : "at least ")}{shown} input tokens, "
                + "which exceeds this limit even without any output tokens. Please reduce the length of the input prompt. "
                + $"(parameter=input_tokens, value={shown})",
                "input_tokens");
        }
    }

    /// <summary>A number as Python prints it.</summary>
    public static string Python(double value) => double.IsNaN(value) ? "nan" : double.IsPositiveInfinity(value) ? "inf" : double.IsNegativeInfinity(value) ? "-inf"
        : Metrics.Exposition.Number(value);

    private static Dictionary<int, double>? Bias(JsonElement? element)
    {
        if (element is not { ValueKind: JsonValueKind.Object } map)
        {
            return null;
        }

        var bad = map.EnumerateObject().Where(entry => !int.TryParse(entry.Name, out _)).Select(entry => $"'{entry.Name}'").ToList();
        if (bad.Count > 0)
        {
            var names = string.Join(", ", bad);
            throw ApiError.BadRequest($"logit_bias contains key(s) that cannot be converted to integer token IDs: [{names}] (parameter=logit_bias, value=[{names}])", "logit_bias");
        }

        var result = new Dictionary<int, double>();
        foreach (var entry in map.EnumerateObject())
        {
            result[int.Parse(entry.Name, System.Globalization.CultureInfo.InvariantCulture)] = entry.Value.ValueKind == JsonValueKind.Number ? Math.Clamp(entry.Value.GetDouble(), -100, 100) : 0;
        }

        return result;
    }

    private static void Range(string name, double? value, double least, double most)
    {
        if (value is { } number && !(number >= least && number <= most))
        {
            throw ApiError.BadRequest($"{name} must be in [{least:0}, {most:0}], got {Python(number)}.", null);
        }
    }

    private static ApiError Named(string name, string message, double value) => ApiError.BadRequest($"{message} (parameter={name}, value={Python(value)})", name);

    private static ApiError Named(string name, string message, long value) => ApiError.BadRequest($"{message} (parameter={name}, value={value})", name);
}
