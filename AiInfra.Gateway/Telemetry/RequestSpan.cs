using System.Diagnostics;

namespace AiInfra.Gateway.Telemetry;

/// <summary>
/// Describes a request in its server span: model calls by the GenAI conventions (version 1.37), never their content. The spans of the
/// attempts on replicas are its children.
/// </summary>
internal static class RequestSpan
{
    public static void Describe(Activity? span, RequestMeasure request, string outcome)
    {
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        span.SetTag("aiinfra.gateway.outcome", outcome);
        if (request.Tenant.Length > 0)
        {
            span.SetTag("aiinfra.gateway.tenant", request.Tenant);
        }

        if (request.Operation is not { } operation || request.Model == RequestMeasure.NoModel)
        {
            return;
        }

        span.DisplayName = $"{operation} {request.Model}";
        span.SetTag("gen_ai.operation.name", operation);
        span.SetTag("gen_ai.provider.name", "vllm");
        span.SetTag("gen_ai.request.model", request.Model);
        if (request.InputTokens + request.OutputTokens > 0)
        {
            span.SetTag("gen_ai.usage.input_tokens", request.InputTokens);
            span.SetTag("gen_ai.usage.output_tokens", request.OutputTokens);
            span.SetTag("aiinfra.gateway.cached_tokens", request.CachedTokens);
        }

        if (request.SecondsToFirstToken is { } first)
        {
            span.SetTag("aiinfra.gateway.time_to_first_token", first);
        }
    }
}
