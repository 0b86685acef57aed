using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiInfra.AppHost.ProcessEngine.Running;

internal sealed class HttpHealthCheck(Func<string> address, int expectedStatus) : IHealthCheck
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            using var response = await Client.GetAsync(new Uri(address()), cancellationToken);
            return (int)response.StatusCode == expectedStatus
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy($"{address()} answers {(int)response.StatusCode}");
        }
        catch (HttpRequestException problem)
        {
            return HealthCheckResult.Unhealthy($"{address()}: {problem.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"{address()} does not answer");
        }
    }
}
