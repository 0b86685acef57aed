using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Admin;

/// <summary>
/// The routes of <c>VLLM_SERVER_DEV_MODE=1</c>: open without a key and dangerous, which is why a gateway must never let them through. Weight
/// updates answer without doing anything.
/// </summary>
internal sealed class DevModeEndpoints(IInferenceEngine engine, EngineControl control, ServeSettings settings)
{
    private static readonly string[] Idle =
    [
        "/reset_mm_cache", "/reset_encoder_cache", "/collective_rpc", "/abort_requests", "/init_weight_transfer_engine", "/shutdown_weight_transfer_engine",
        "/start_weight_update", "/start_draft_weight_update", "/update_weights", "/finish_weight_update", "/update_weight_version", "/weight_checker",
    ];

    public void Map(RouteTable routes)
    {
        if (!settings.DevMode)
        {
            return;
        }

        foreach (var path in Idle)
        {
            routes.Map("POST", path, context => Replies.EmptyAsync(context, 200));
        }

        routes.Map("GET", "/weight_info", context => Reply(context, json => json.WriteString("version", "default")));
        routes.Map("POST", "/reset_prefix_cache", context => Reply(context, json => json.WriteBoolean("success", engine.TryResetPrefixCache())));
        routes.Map("GET", "/get_world_size", context => Reply(context, json => json.WriteNumber("world_size", 1)));
        routes.Map("GET", "/is_sleeping", context => Reply(context, json => json.WriteBoolean("is_sleeping", control.Sleeping)));
        routes.Map("GET", "/is_paused", context => Reply(context, json => json.WriteBoolean("is_paused", control.Paused)));
        routes.Map("POST", "/release_kv_cache_memory", _ => throw ApiError.Internal(
            "Call to release_kv_cache_memory method failed: release_kv_cache_memory() requires a completed pause first"));
        routes.Map("POST", "/sleep", SleepAsync);
        routes.Map("POST", "/wake_up", context =>
        {
            control.Sleep(false);
            return Reply(context, json =>
            {
                json.WriteString("status", "awake");
                json.WriteNull("tags");
            });
        });
        routes.Map("POST", "/pause", context => PauseAsync(context, true));
        routes.Map("POST", "/resume", context => PauseAsync(context, false));
        routes.Map("GET", "/server_info", context => Reply(context, WriteInfo));
    }

    private Task SleepAsync(HttpContext context)
    {
        control.Sleep(true);
        return Reply(context, json =>
        {
            json.WriteString("status", "sleeping");
            json.WriteNumber("level", int.TryParse(context.Request.Query["level"], out var level) ? level : 1);
        });
    }

    private Task PauseAsync(HttpContext context, bool paused)
    {
        control.Pause(paused);
        return Reply(context, json => json.WriteString("status", paused ? "paused" : "resumed"));
    }

    private void WriteInfo(Utf8JsonWriter json)
    {
        json.WriteString("vllm_config", $"model='{settings.Model}', engine='{settings.Engine}', max_seq_len={engine.Model.MaxModelLength}");
        json.WriteStartObject("vllm_env");
        json.WriteBoolean("VLLM_SERVER_DEV_MODE", true);
        json.WriteEndObject();
        json.WriteStartObject("system_env");
        json.WriteString("os", Environment.OSVersion.VersionString);
        json.WriteEndObject();
    }

    private static Task Reply(HttpContext context, Action<Utf8JsonWriter> write) => Replies.JsonAsync(context, 200, json =>
    {
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    });
}
