using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace AiInfra.AppHost.Vllm;

/// <summary>The local pool of models, read before the model of the application is built.</summary>
/// <param name="Model">Public name of the model, and what LocalVllm is told to serve: <c>Parameters:model</c>.</param>
/// <param name="Replicas">Processes that serve it, 0 to 16: <c>AppHost:Replicas</c>, default 2.</param>
/// <param name="Engine">LocalVllm's engine, <c>smollm2</c> (default: a small real model) or <c>simulated</c>: <c>AppHost:Engine</c>.</param>
internal sealed record VllmPoolSettings(string Model, int Replicas, string Engine)
{
    private const string DefaultModel = "smollm2-135m-instruct";

    /// <exception cref="DistributedApplicationException">A setting is out of its range; the message names it.</exception>
    public static VllmPoolSettings From(IConfiguration configuration)
    {
        var replicas = configuration["AppHost:Replicas"] is { Length: > 0 } text
            ? int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 16
                ? number
                : throw new DistributedApplicationException($"AppHost:Replicas is '{text}': a number from 0 to 16.")
            : 2;
        var engine = configuration["AppHost:Engine"] ?? "smollm2";
        return engine is "simulated" or "smollm2"
            ? new VllmPoolSettings(configuration["Parameters:model"] ?? DefaultModel, replicas, engine)
            : throw new DistributedApplicationException($"AppHost:Engine is '{engine}': 'simulated' or 'smollm2'.");
    }
}
