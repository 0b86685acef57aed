using AiInfra.Gateway.Forwarding;

namespace AiInfra.Gateway.Telemetry;

/// <summary>What is measured of one request while it is handled; a feature of its context.</summary>
internal sealed class RequestMeasure(TimeProvider time, string endpoint)
{
    /// <summary>The label of requests that name no model of ours: what callers write never becomes a label.</summary>
    public const string NoModel = "none";

    private readonly long _arrived = time.GetTimestamp();
    private TimeSpan _atReplicas;
    private long _sent;

    public string Endpoint { get; } = endpoint;

    /// <summary>The public name of the model, once it is known to be one of ours.</summary>
    public string Model { get; set; } = NoModel;

    public string Tenant { get; set; } = "";

    /// <summary>What the GenAI conventions call the endpoint's kind, or null when it is no model call.</summary>
    public string? Operation { get; set; }

    public int InputTokens { get; private set; }

    /// <summary>Of the input tokens.</summary>
    public int CachedTokens { get; private set; }

    public int OutputTokens { get; private set; }

    /// <summary>True when an answer broke after it had begun.</summary>
    public bool IsBroken { get; set; }

    public double? SecondsToFirstToken { get; private set; }

    public double TotalSeconds => time.GetElapsedTime(_arrived).TotalSeconds;

    public double OwnSeconds => Math.Max(0, TotalSeconds - _atReplicas.TotalSeconds);

    /// <summary>The measure of this request; one of its own where nobody measures (in tests of single parts).</summary>
    public static RequestMeasure Of(HttpContext context)
    {
        if (context.Features.Get<RequestMeasure>() is not { } measure)
        {
            measure = new RequestMeasure(TimeProvider.System, "");
            context.Features.Set(measure);
        }

        return measure;
    }

    public void Sent() => _sent = time.GetTimestamp();

    public void Returned() => _atReplicas += time.GetElapsedTime(_sent);

    public void FirstToken() => SecondsToFirstToken ??= TotalSeconds;

    public void Used(int input, int cached, int output) => (InputTokens, CachedTokens, OutputTokens) = (input, Math.Min(cached, input), output);

    /// <summary>The kind of a model endpoint in the words of the GenAI conventions.</summary>
    public static string OperationOf(ModelEndpoint endpoint) => endpoint.Path switch
    {
        "/v1/chat/completions" or "/v1/messages" or "/v1/responses" => "chat",
        "/v1/completions" => "text_completion",
        "/v1/embeddings" => "embeddings",
        _ => "generate_content",
    };
}
