using System.Text.Json;
using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.Generation;

/// <summary>Token counts of a reply.</summary>
/// <param name="Prompt">Prompt tokens; of several prompts the sum.</param>
/// <param name="Completion">Answer tokens of all choices.</param>
/// <param name="Cached">Prompt tokens from the prefix cache.</param>
/// <param name="CreatedCache">Prompt tokens newly left there.</param>
internal readonly record struct Usage(int Prompt, int Completion, int Cached, int CreatedCache)
{
    public static Usage Of(TextRequest request, IReadOnlyList<CompletedChoice> choices) => new(
        request.PromptTokens,
        choices.Sum(choice => choice.Tokens.Count),
        choices.Count == 0 ? 0 : choices[^1].Prefill?.CachedTokens ?? 0,
        choices.Count == 0 ? 0 : choices[^1].Prefill?.CreatedCacheTokens ?? 0);

    /// <summary>The usage of a whole reply.</summary>
    /// <param name="json">Positioned in an object.</param>
    /// <param name="details">Whether <c>--enable-prompt-tokens-details</c> is on.</param>
    /// <param name="chat">Only chat counts tokens left in the cache.</param>
    public void Write(Utf8JsonWriter json, bool details, bool chat)
    {
        json.WriteStartObject("usage");
        WriteCounts(json);
        if (details)
        {
            json.WriteStartObject("prompt_tokens_details");
            json.WriteNumber("cached_tokens", Cached);
            if (chat)
            {
                json.WriteNumber("created_cache_tokens", CreatedCache);
            }
            else
            {
                json.WriteNull("created_cache_tokens");
            }

            json.WriteNull("multimodal_tokens");
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("prompt_tokens_details");
        }

        json.WriteNull("completion_tokens_details");
        json.WriteEndObject();
    }

    /// <summary>The usage of a frame while the stream runs.</summary>
    public void WriteRunning(Utf8JsonWriter json, bool chat)
    {
        json.WriteStartObject("usage");
        WriteCounts(json);
        if (chat)
        {
            json.WriteNull("completion_tokens_details");
        }

        json.WriteEndObject();
    }

    /// <summary>The usage of a stream's last frame; fields without a value are left out there.</summary>
    public void WriteFinal(Utf8JsonWriter json, bool details, bool chat)
    {
        json.WriteStartObject("usage");
        WriteCounts(json);
        if (details)
        {
            json.WriteStartObject("prompt_tokens_details");
            json.WriteNumber("cached_tokens", Cached);
            if (chat)
            {
                json.WriteNumber("created_cache_tokens", CreatedCache);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private void WriteCounts(Utf8JsonWriter json)
    {
        json.WriteNumber("prompt_tokens", Prompt);
        json.WriteNumber("total_tokens", Prompt + Completion);
        json.WriteNumber("completion_tokens", Completion);
    }

    /// <summary>Adds what a delta brings.</summary>
    public Usage With(ChoiceDelta delta) => this with
    {
        Completion = Completion + delta.Tokens.Count,
        Cached = delta.Prefill?.CachedTokens ?? Cached,
        CreatedCache = delta.Prefill?.CreatedCacheTokens ?? CreatedCache,
    };

    public static string Word(FinishReason reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        FinishReason.Abort => "abort",
        _ => "error",
    };
}
