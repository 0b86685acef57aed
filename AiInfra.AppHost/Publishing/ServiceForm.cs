using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.AppHost.Publishing;

/// <summary>Whether backing services are containers in this run. Decided once, and said in one line.</summary>
internal sealed record ServiceForm(bool Containers)
{
    private const string Setting = "AppHost:Services";

    /// <exception cref="DistributedApplicationException"><c>AppHost:Services</c> is none of <c>auto</c>, <c>containers</c>, <c>processes</c>.</exception>
    public static ServiceForm Of(IDistributedApplicationBuilder builder)
    {
        if (builder.Services.FirstOrDefault(one => one.ServiceType == typeof(ServiceForm))?.ImplementationInstance is ServiceForm decided)
        {
            return decided;
        }

        var form = builder.ExecutionContext.IsPublishMode ? new ServiceForm(Containers: true) : Choose(builder.Configuration);
        builder.Services.AddSingleton(form);
        return form;
    }

    private static ServiceForm Choose(IConfiguration configuration)
    {
        var (containers, reason) = configuration[Setting] switch
        {
            "containers" => (true, $"{Setting} says so"),
            "processes" => (false, $"{Setting} says so"),
            null or "" or "auto" => ContainerRuntime.Find(configuration) is { } runtime ? (true, $"{runtime} answers") : (false, "no container runtime answers"),
            var other => throw new DistributedApplicationException($"{Setting} is '{other}': 'auto', 'containers' or 'processes'."),
        };
        Console.WriteLine($"Backing services run as {(containers ? "containers" : "processes")}: {reason}.");
        return new ServiceForm(containers);
    }
}
