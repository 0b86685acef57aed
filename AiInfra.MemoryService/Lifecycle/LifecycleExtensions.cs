using AiInfra.MemoryService.Lifecycle;

namespace Microsoft.Extensions.DependencyInjection;

internal static class LifecycleExtensions
{
    public static void AddLifecycle(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<LifecycleOptions, LifecycleOptionsValidator>().BindConfiguration(LifecycleOptions.Section);
        builder.Services.AddHostedService<ExpiryWorker>();
        builder.Services.AddHostedService<VacuumWorker>();
    }
}
