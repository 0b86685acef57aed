using System.ComponentModel.DataAnnotations;

namespace AiInfra.Gateway.Forwarding;

/// <summary>Limits of forwarding: section <c>Forwarding</c>.</summary>
public sealed class ForwardingOptions
{
    public const string Section = "Forwarding";

    /// <summary>Largest request body, in bytes, 1 KiB to 512 MiB. Default 32 MiB. It is held in memory while its request runs.</summary>
    [Range(1 << 10, 512 << 20)]
    public int MaxRequestBodyBytes { get; set; } = 32 << 20;

    /// <summary>Largest total of request header bytes, 4 KiB to 1 MiB. Default 32 KiB.</summary>
    [Range(4 << 10, 1 << 20)]
    public int MaxRequestHeaderBytes { get; set; } = 32 << 10;

    /// <summary>Time for a request's headers to arrive, 100 ms to 5 minutes. Default 10 s; then 408 and the connection is closed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan RequestHeadersTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for a replica to accept a connection, 50 ms to 1 minute. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Time for the first bytes of an answer, queueing in the engine included, 1 s to 1 day. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan FirstByteTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Longest silence inside a stream that has begun, 100 ms to 1 hour. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan StreamIdleTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an idle connection to a replica is kept, 100 ms to 10 minutes. Default 4 s: vLLM closes after 5 s without notice.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan PooledConnectionIdleTimeout { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>Replicas that one request is tried on at most, 1 to 8. Default 2.</summary>
    [Range(1, 8)]
    public int MaxAttempts { get; set; } = 2;

    /// <summary>
    /// How long a replica that failed a request is watched, 1 s to 5 minutes: if it turns out to be gone by then, that counts against the
    /// request. Default 5 s; a vLLM whose engine died leaves within a second or two.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan DeathWatch { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Answers that one request may ask for (<c>n</c> or <c>best_of</c>, times its prompts), 1 to 100,000. Default 256: engines reserve room for all at once.</summary>
    [Range(1, 100_000)]
    public int MaxAnswers { get; set; } = 256;

    /// <summary>Largest schema or grammar (<c>response_format</c>, <c>structured_outputs</c>) in bytes, 256 to 16 MiB. Default 64 KiB: compiling one holds up an engine.</summary>
    [Range(256, 16 << 20)]
    public int MaxGrammarBytes { get; set; } = 64 << 10;

    /// <summary>Most bytes of stop strings, 16 to 1 MiB. Default 4 KiB: they are looked for after every token.</summary>
    [Range(16, 1 << 20)]
    public int MaxStopBytes { get; set; } = 4 << 10;
}
