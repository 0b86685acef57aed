using System.Text.Json;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Routing;

namespace AiInfra.Gateway.Forwarding;

/// <summary>Looks along while an answer passes: that it moves, what it cost, and under which id it is kept.</summary>
/// <param name="replica">Who answers.</param>
/// <param name="chain">The prompt's chain, to go on over the answer; null when nobody wants it.</param>
internal sealed class ReplyWatch(Replica replica, PromptChain? chain)
{
    private bool _answerBegan;

    private const int MaxIdLength = 128;

    /// <summary>The last <c>usage</c> that the answer told.</summary>
    public ReportedUsage? Usage { get; private set; }

    /// <summary>The answer's id when replicas keep such answers (<c>resp_…</c>).</summary>
    public string? ResponseId { get; private set; }

    /// <summary>A part of the answer came: one frame, or a whole reply.</summary>
    public void Saw(ReadOnlySpan<byte> part)
    {
        replica.NoteProgress();
        if (chain is not null)
        {
            AddAnswer(part, chain);
        }

        if (part.LastIndexOf("\"usage\":{"u8) is >= 0 and var usage)
        {
            ReadUsage(part[(usage + 8)..]);
        }
    }

    public void FindResponseId(ReadOnlySpan<byte> part)
    {
        var start = part.IndexOf("\"id\":\"resp_"u8);
        if (ResponseId is null && start >= 0)
        {
            var id = part[(start + 6)..];
            var end = id.IndexOf((byte)'"');
            ResponseId = end is > 0 and <= MaxIdLength ? System.Text.Encoding.UTF8.GetString(id[..end]) : null;
        }
    }

    // …"delta":{"content":"Hi"}… and …"message":{"role":"assistant","content":"Hi"…
    private void AddAnswer(ReadOnlySpan<byte> part, PromptChain answer)
    {
        var start = part.IndexOf("\"content\":\""u8);
        if (start < 0)
        {
            return;
        }

        if (!_answerBegan)
        {
            PromptReader.BeginAnswer(answer);
            _answerBegan = true;
        }

        PromptReader.AddString(part[(start + 10)..], answer);
    }

    // {"prompt_tokens":37,"total_tokens":41,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":32}}
    // {"input_tokens":15,"cache_read_input_tokens":128,"output_tokens":4} (Anthropic: input without what was cached)
    // {"input_tokens":143,"input_tokens_details":{"cached_tokens":128},"output_tokens":4} (responses)
    private void ReadUsage(ReadOnlySpan<byte> json)
    {
        int prompt = 0, completion = 0, beside = 0;
        int? cached = null;
        var reader = new Utf8JsonReader(json);
        try
        {
            var depth = 0;
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    depth++;
                }
                else if (reader.TokenType == JsonTokenType.EndObject && --depth == 0)
                {
                    break;
                }
                else if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    var name = reader.ValueSpan;
                    reader.Read();
                    if (reader.TokenType == JsonTokenType.StartObject)
                    {
                        depth++;
                    }
                    else if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var count))
                    {
                        Note(name, count, ref prompt, ref completion, ref cached, ref beside);
                    }
                }
            }
        }
        catch (JsonException)
        {
            // Half a usage is none.
            return;
        }

        Usage = new ReportedUsage(prompt + beside, cached, completion);
    }

    private static void Note(ReadOnlySpan<byte> name, int count, ref int prompt, ref int completion, ref int? cached, ref int beside)
    {
        if (name.SequenceEqual("prompt_tokens"u8) || name.SequenceEqual("input_tokens"u8))
        {
            prompt = count;
        }
        else if (name.SequenceEqual("completion_tokens"u8) || name.SequenceEqual("output_tokens"u8))
        {
            completion = count;
        }
        else if (name.SequenceEqual("cached_tokens"u8))
        {
            cached = count;
        }
        else if (name.SequenceEqual("cache_read_input_tokens"u8))
        {
            cached = count;
            beside += count;
        }
        else if (name.SequenceEqual("cache_creation_input_tokens"u8))
        {
            beside += count;
        }
    }
}
