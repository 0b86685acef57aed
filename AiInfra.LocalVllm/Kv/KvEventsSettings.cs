using System.Text.Json;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Kv;

/// <summary><c>--kv-events-config</c>: where block events go. A sample: <c>{"enable_kv_cache_events": true, "publisher": "zmq", "endpoint": "tcp://*:5557"}</c>.</summary>
internal sealed record KvEventsSettings
{
    /// <summary><c>enable_kv_cache_events</c>. Default off.</summary>
    public bool Enabled { get; init; }

    /// <summary><c>endpoint</c>: with <c>*</c> as host it is bound, with a concrete host connected to. Default <c>tcp://*:5557</c>.</summary>
    public string Endpoint { get; init; } = "tcp://*:5557";

    /// <summary><c>replay_endpoint</c>: where missed batches can be asked for, always bound; null for none.</summary>
    public string? ReplayEndpoint { get; init; }

    /// <summary><c>buffer_steps</c>: batches kept for replay. Default 10,000.</summary>
    public int BufferSteps { get; init; } = 10_000;

    /// <summary><c>topic</c>. Default empty.</summary>
    public string Topic { get; init; } = "";

    /// <exception cref="ServeCommandException">The text is no such JSON.</exception>
    public static KvEventsSettings? Read(string? json)
    {
        if (json is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return new KvEventsSettings
            {
                Enabled = root.TryGetProperty("enable_kv_cache_events", out var enabled) && enabled.GetBoolean(),
                Endpoint = root.TryGetProperty("endpoint", out var endpoint) ? endpoint.GetString()! : "tcp://*:5557",
                ReplayEndpoint = root.TryGetProperty("replay_endpoint", out var replay) ? replay.GetString() : null,
                BufferSteps = root.TryGetProperty("buffer_steps", out var steps) ? steps.GetInt32() : 10_000,
                Topic = root.TryGetProperty("topic", out var topic) ? topic.GetString()! : "",
            };
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or FormatException)
        {
            throw new ServeCommandException($"--kv-events-config: {problem.Message}");
        }
    }
}
