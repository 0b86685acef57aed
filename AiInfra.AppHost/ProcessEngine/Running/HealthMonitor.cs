using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiInfra.AppHost.ProcessEngine.Running;

/// <summary>Asks a running resource how it is: often until the first good answer, then every 30 seconds, sooner after bad ones.</summary>
internal sealed class HealthMonitor(
    HealthCheckService checks, ResourceNotificationService notifications, DistributedApplicationEventing eventing, IServiceProvider services)
{
    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(30);

    public async Task RunAsync(IResource resource, CancellationToken cancellationToken)
    {
        var keys = resource.Annotations.OfType<HealthCheckAnnotation>().Select(annotation => annotation.Key).ToHashSet();
        var (ready, failures) = (false, 0);
        while (true)
        {
            var report = keys.Count == 0
                ? new HealthReport(new Dictionary<string, HealthReportEntry>(), HealthStatus.Healthy, TimeSpan.Zero)
                : await checks.CheckHealthAsync(registration => keys.Contains(registration.Name), cancellationToken);
            await notifications.PublishUpdateAsync(resource, snapshot => snapshot with
            {
                HealthStatus = report.Status,
                Reason = report.Entries.Values.FirstOrDefault(entry => entry.Status != HealthStatus.Healthy).Description,
            });
            failures = report.Status == HealthStatus.Healthy ? 0 : failures + 1;
            if (failures == 0 && !ready)
            {
                ready = true;
                await eventing.PublishAsync(new ResourceReadyEvent(resource, services), cancellationToken);
                notifications.Ready(resource.Name).TrySetResult();
            }

            if (keys.Count == 0)
            {
                return;
            }

            await Task.Delay(Pause(ready, failures), cancellationToken);
        }
    }

    private static TimeSpan Pause(bool ready, int failures) => (ready, failures) switch
    {
        (true, 0) => Healthy,
        (true, _) => TimeSpan.FromSeconds(Math.Min(failures, 5)),
        // Whoever waits for it waits for this pause as well: short for the ten seconds in which servers usually start.
        (false, _) => TimeSpan.FromMilliseconds(failures < 200 ? 50 : 1000),
    };
}
