using System.Buffers.Text;
using System.Globalization;
using System.Text;
using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Policies;
using AiInfra.Gateway.Telemetry;

namespace AiInfra.Gateway.Usage;

/// <summary>One call to a model, from its reservation to its settlement: hears what the engine says of its use.</summary>
internal sealed class Call(
    LimitService limits, LimitTicket ticket, UsageRecord who, Price price, CallBound bound, CallPeek peek, CallKind kind, int? maxTokens,
    GatewayMetrics metrics, TimeProvider time)
{
    private static readonly byte[] UsageWanted = "{\"include_usage\":true,\"continuous_usage_stats\":true}"u8.ToArray();
    private static readonly byte[] UsageField = "\"stream_options\":{\"include_usage\":true,\"continuous_usage_stats\":true},"u8.ToArray();

    private readonly long _started = time.GetTimestamp();
    private UsageFields? _whole;
    private long _promptTokens;
    private long _cachedTokens;
    private long[] _completionTokens = [];
    private long _pieces;
    private bool _isSettled;

    public CallPeek Peek => peek;

    /// <summary>True when usage in every frame was asked for, and goes no further than the caller wished.</summary>
    public bool AsksForUsage => kind.TakesStreamOptions && peek.IsStream;

    public LimitTicket Ticket => ticket;

    /// <summary>A replica has the request: whatever becomes of it may have cost tokens.</summary>
    public bool IsUnderWay { get; set; }

    /// <summary>The changes to the body that make the call countable.</summary>
    public IEnumerable<BodyEdit> Edits(int fieldsStart)
    {
        var first = new ByteRange(fieldsStart, 0);
        if (maxTokens is { } most)
        {
            yield return new BodyEdit(first, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\"{kind.MaxTokensField}\":{most},")));
        }

        if (AsksForUsage)
        {
            yield return peek.StreamOptions.IsThere ? new BodyEdit(peek.StreamOptions, UsageWanted) : new BodyEdit(first, UsageField);
        }
    }

    /// <summary>A frame with a piece of text in a dialect that tells usage at the ends only: a token at least.</summary>
    public void HearPiece() => _pieces++;

    /// <summary>A whole answer, or the end of one that is too large to keep.</summary>
    public void HearAnswer(ReadOnlySpan<byte> json)
    {
        if (UsageFields.TryFind(json, out var fields, out _, out _))
        {
            _whole = fields;
        }
    }

    /// <summary>The usage in one frame of a stream; each choice is counted on its own until the last frame gives the sum.</summary>
    public void HearFrame(ReadOnlySpan<byte> frame, UsageFields fields)
    {
        _promptTokens = Math.Max(_promptTokens, fields.PromptTokens);
        _cachedTokens = Math.Max(_cachedTokens, fields.CachedTokens);
        if (IsLast(frame))
        {
            _whole = fields;
            return;
        }

        var choice = ChoiceOf(frame);
        if (choice >= _completionTokens.Length)
        {
            Array.Resize(ref _completionTokens, choice + 1);
        }

        _completionTokens[choice] = Math.Max(_completionTokens[choice], fields.CompletionTokens);
    }

    /// <summary>The frame that carries nothing but the sum.</summary>
    public static bool IsLast(ReadOnlySpan<byte> frame) => frame.IndexOf("\"choices\":[]"u8) >= 0;

    /// <summary>Settles, once. A caller that left pays what its stream had used, or all that its plain call had reserved.</summary>
    public void Settle(bool isAnswered, bool callerLeft)
    {
        if (_isSettled)
        {
            return;
        }

        _isSettled = true;
        UsageRecord usage;
        if (_whole is { } whole)
        {
            usage = Charge(whole.PromptTokens, whole.CachedTokens, whole.CompletionTokens);
        }
        else if (_completionTokens.Length > 0 || _promptTokens > 0)
        {
            usage = Charge(_promptTokens, _cachedTokens, Math.Max(_pieces, _completionTokens.Sum()));
        }
        else if (IsUnderWay && (isAnswered || callerLeft))
        {
            // Nothing was said. Of a stream that its caller left before the first frame the prompt may have been read; of anything else everything.
            var isPromptOnly = callerLeft && peek.IsStream;
            usage = who with
            {
                UncountedTokens = isPromptOnly ? bound.PromptTokens : bound.Tokens,
                Money = price.MostFor(bound.PromptTokens, isPromptOnly ? 0 : bound.CompletionTokens),
                Milliseconds = Milliseconds,
            };
        }
        else
        {
            usage = who with { Milliseconds = Milliseconds };
        }

        metrics.Charged(usage);
        limits.Settle(ticket, usage);
    }

    private long Milliseconds => (long)time.GetElapsedTime(_started).TotalMilliseconds;

    private UsageRecord Charge(long prompt, long cached, long completion) => who with
    {
        Milliseconds = Milliseconds,
        PromptTokens = prompt,
        CachedTokens = cached,
        CompletionTokens = completion,
        Money = price.CostOf(prompt, cached, completion),
    };

    // data: {…,"choices":[{"index":1,…
    private static int ChoiceOf(ReadOnlySpan<byte> frame)
    {
        var mark = "\"choices\":[{\"index\":"u8;
        var at = frame.IndexOf(mark);
        return at >= 0 && Utf8Parser.TryParse(frame[(at + mark.Length)..], out int index, out _) && index is > 0 and < 100_000 ? index : 0;
    }
}

/// <summary>The most that a call can cost.</summary>
internal readonly record struct CallBound(long PromptTokens, long CompletionTokens)
{
    public long Tokens => PromptTokens + CompletionTokens;
}
