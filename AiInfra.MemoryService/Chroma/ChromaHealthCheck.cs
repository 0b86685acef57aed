using AiInfra.MemoryService.Indexing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiInfra.MemoryService.Chroma;

/// <summary>Chroma is an aid: without it, or while a collection is made anew, the service is degraded and not unhealthy.</summary>
internal sealed class ChromaHealthCheck(ChromaClientSettings settings, IServiceProvider services, IndexStates states) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (settings.Endpoint is null)
        {
            return HealthCheckResult.Degraded("Chroma is not configured.");
        }

        if (states.All.FirstOrDefault(state => !state.IsWell) is { } ill)
        {
            return HealthCheckResult.Degraded($"{ill.Problem} {ill.Pending} changes wait.");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(settings.HealthCheckTimeout);
        try
        {
            return await services.GetRequiredService<ChromaClient>().AnswersAsync(limit.Token)
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Degraded("Chroma does not answer.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Degraded("Chroma does not answer in time.");
        }
    }
}
