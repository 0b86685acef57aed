using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Metrics;

namespace AiInfra.LocalVllm.Generation;

/// <summary>The ORCA load report on whole chat and completion replies, when the caller asks for it in <c>json</c> or <c>text</c>.</summary>
internal sealed class LoadHeader(IInferenceEngine engine)
{
    public void Write(HttpContext context)
    {
        var format = context.Request.Headers["endpoint-load-metrics-format"].ToString();
        if (format.Length == 0)
        {
            return;
        }

        var status = engine.Status;
        var (waiting, usage) = (Exposition.Number(status.Waiting), Exposition.Number(status.KvCacheUsage));
        if (format.Equals("json", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.Headers["endpoint-load-metrics"] =
                $"JSON {{\"named_metrics\": {{\"num_requests_waiting\": {waiting}, \"kv_cache_usage_perc\": {usage}}}}}";
        }
        else if (format.Equals("text", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.Headers["endpoint-load-metrics"] = $"TEXT named_metrics.num_requests_waiting={waiting}, named_metrics.kv_cache_usage_perc={usage}";
        }
    }
}
