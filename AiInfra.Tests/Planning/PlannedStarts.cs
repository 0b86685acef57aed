using AiInfra.AppHost.Planning;

namespace AiInfra.Tests.Planning;

/// <summary>Shortcuts for tests: settings and layouts of catalogue models.</summary>
internal static class PlannedStarts
{
    public static ServingChoices Vllm(string version, int? context = null) => new(VllmVersion.Parse(version)) { ContextTokens = context };

    public static CacheLayout Layout(string model, int tensor, ServingChoices choices, string gpu = "h100") =>
        Memory(model, "bf16", gpu, tensor, choices).Layout;

    public static MemoryPlan Memory(string model, string weights, string gpu, int tensor, ServingChoices choices)
    {
        var (shape, kind) = (Catalogue.Model(model), Catalogue.Gpu(gpu));
        return MemoryPlan.Of(
            shape, WeightPrecision.Parse(weights).On(shape), kind, new Parallelism(tensor, 1, 1),
            SettingsResolver.Resolve(shape, kind, choices));
    }
}
