using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Kv;

/// <summary><c>GET /kv_event_sources</c>: where each engine's block events are published; an empty object without any.</summary>
internal static class KvEventSourcesEndpoint
{
    public static void Map(RouteTable routes, ServeSettings settings)
    {
        var events = KvEventsSettings.Read(settings.KvEventsConfig);
        routes.Map("GET", "/kv_event_sources", context => Replies.JsonAsync(context, 200, json =>
        {
            json.WriteStartObject();
            if (events is { Enabled: true })
            {
                json.WriteStartObject("0");
                json.WriteBoolean("enable_kv_cache_events", true);
                json.WriteString("publisher", "zmq");
                // A reader cannot connect to "*".
                json.WriteString("endpoint", events.Endpoint.Replace("*", "127.0.0.1", StringComparison.Ordinal));
                json.WriteString("replay_endpoint", events.ReplayEndpoint?.Replace("*", "127.0.0.1", StringComparison.Ordinal));
                json.WriteNumber("buffer_steps", events.BufferSteps);
                json.WriteNumber("hwm", 100_000);
                json.WriteNumber("max_queue_size", 100_000);
                json.WriteString("topic", events.Topic);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }));
    }
}
