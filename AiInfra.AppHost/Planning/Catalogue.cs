using System.Text.Json;

namespace AiInfra.AppHost.Planning;

/// <summary>Common models and GPUs, from the two lists that are built into the assembly.</summary>
internal static class Catalogue
{
    private static readonly Lazy<IReadOnlyList<CatalogueModel>> LazyModels = new(() => Load("models.json", ReadModel));
    private static readonly Lazy<IReadOnlyList<GpuKind>> LazyGpus = new(() => Load("gpus.json", ReadGpu));

    public static IReadOnlyList<CatalogueModel> Models => LazyModels.Value;

    public static IReadOnlyList<GpuKind> Gpus => LazyGpus.Value;

    /// <exception cref="PlanInputException">No such model; the message names the nearest.</exception>
    public static ModelShape Model(string name) => FindModel(name) ?? throw new PlanInputException(
        $"The catalogue has no model '{name}'.",
        $"Nearest: {Nearest(name, Models.Select(model => model.Name))}. Any other by --config FILE (its config.json).");

    public static ModelShape? FindModel(string name)
    {
        var wanted = name.Trim();
        return Models.FirstOrDefault(model => model.Names.Contains(wanted, StringComparer.OrdinalIgnoreCase))?.Shape;
    }

    /// <exception cref="PlanInputException">No such GPU; the message names the nearest.</exception>
    public static GpuKind Gpu(string name) => FindGpu(name) ?? throw new PlanInputException(
        $"The catalogue has no GPU '{name}'.", $"Nearest: {NearestGpu(name)}. Any other by --gpu-memory 80GB --gpu-bandwidth 2000GB/s.");

    /// <summary>The GPU whose alias has the most words and all of them in <paramref name="name"/>.</summary>
    public static GpuKind? FindGpu(string name)
    {
        var words = Words(name);
        return Gpus
            .SelectMany(gpu => gpu.Aliases.Append(gpu.Name).Select(alias => (Gpu: gpu, Words: Words(alias))))
            .Where(candidate => candidate.Words.All(words.Contains))
            .OrderByDescending(candidate => candidate.Words.Count)
            .Select(candidate => candidate.Gpu)
            .FirstOrDefault();
    }

    private static string NearestGpu(string name) => string.Join(", ", Gpus
        .OrderBy(gpu => gpu.Aliases.Append(gpu.Name).Min(alias => NameDistance.Between(name, alias))).Take(3).Select(gpu => gpu.Name));

    private static List<string> Words(string text) =>
        [.. text.ToLowerInvariant().Split([' ', '-', '(', ')', ',', '/', '_'], StringSplitOptions.RemoveEmptyEntries)];

    private static string Nearest(string name, IEnumerable<string> candidates) =>
        string.Join(", ", candidates.OrderBy(candidate => NameDistance.Between(name, candidate)).Take(3));

    private static CatalogueModel ReadModel(JsonElement entry)
    {
        var name = entry.GetProperty("name").GetString()!;
        var shape = ModelConfigReader.Read(name, entry.GetProperty("config"));
        shape = shape with
        {
            StatedParameters = entry.TryGetProperty("parameters", out var parameters) ? parameters.GetInt64() : null,
            NativeWeights = entry.TryGetProperty("weights", out var weights) ? weights.GetString() : shape.NativeWeights,
        };
        var aliases = entry.TryGetProperty("aliases", out var list) ? list.EnumerateArray().Select(alias => alias.GetString()!) : [];
        return new CatalogueModel(name, [name, entry.GetProperty("huggingFace").GetString()!, .. aliases], shape);
    }

    private static GpuKind ReadGpu(JsonElement entry)
    {
        double Number(string name) => entry.TryGetProperty(name, out var value) ? value.GetDouble() : 0;
        return new GpuKind(
            entry.GetProperty("name").GetString()!, Bytes.FromGibibytes(Number("usableGibibytes")), Number("bandwidthGigabytesPerSecond") * 1e9,
            Number("teraflops16") * 1e12, Number("teraflops8") * 1e12, Number("teraflops4") * 1e12)
        {
            Capability = entry.GetProperty("capability").GetString() ?? "",
            IsUnified = entry.TryGetProperty("unified", out var unified) && unified.GetBoolean(),
            IsAmd = entry.TryGetProperty("vendor", out var vendor) && vendor.GetString() == "amd",
            Aliases = entry.TryGetProperty("aliases", out var aliases) ? [.. aliases.EnumerateArray().Select(alias => alias.GetString()!)] : [],
        };
    }

    private static IReadOnlyList<T> Load<T>(string file, Func<JsonElement, T> read)
    {
        using var stream = typeof(Catalogue).Assembly.GetManifestResourceStream($"AiInfra.AppHost.Planning.{file}")
            ?? throw new InvalidOperationException($"The assembly lacks its embedded {file}.");
        using var document = JsonDocument.Parse(stream);
        return [.. document.RootElement.EnumerateArray().Select(entry => read(entry.Clone()))];
    }
}

/// <summary>A model of the catalogue with all names it goes by.</summary>
internal sealed record CatalogueModel(string Name, IReadOnlyList<string> Names, ModelShape Shape);
