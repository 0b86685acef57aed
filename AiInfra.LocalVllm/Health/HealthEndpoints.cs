using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Health;

/// <summary>
/// <c>/health</c>, <c>/ping</c>, <c>/version</c>, <c>/load</c>. As in vLLM they say 200 while the engine hangs or drains; only a dead engine is 503, and
/// <c>/load</c> is 0 for ever unless tracking is on.
/// </summary>
internal sealed class HealthEndpoints(IInferenceEngine engine, ServerLoad load, ServeSettings settings)
{
    public void Map(RouteTable routes)
    {
        routes.Map("GET", "/health", HealthAsync);
        routes.Map("GET", "/ping", HealthAsync);
        routes.Map("POST", "/ping", HealthAsync);
        routes.Map("GET", "/version", context => Replies.JsonAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("version", Fingerprint.Version);
            json.WriteEndObject();
        }));
        routes.Map("GET", "/load", context => Replies.JsonAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("server_load", settings.ServerLoadTracking ? load.Requests : 0);
            json.WriteEndObject();
        }));
    }

    private Task HealthAsync(HttpContext context) => Replies.EmptyAsync(context, engine.Status.Alive ? 200 : 503);
}
