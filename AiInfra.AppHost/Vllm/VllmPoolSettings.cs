using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace AiInfra.AppHost.Vllm;

/// <summary>
/// One pool of model servers: section <c>Models:0</c>, <c>Models:1</c> and so on. Without the section there is one pool, shaped by
/// <c>Parameters:model</c>, <c>AppHost:Replicas</c> and <c>AppHost:Engine</c>.
/// </summary>
public sealed partial class VllmPoolSettings
{
    public const string Section = "Models";

    private const string DefaultModel = "smollm2-135m-instruct";

    /// <summary>
    /// Service name of the pool, letters and digits, letter first: hyphens are lost in environment variables. Default: <c>vllm</c>
    /// for the first pool, <c>vllm1x</c>, <c>vllm2x</c> and so on for the others.
    /// </summary>
    public string Name { get; set; } = "";

    /// <summary>The model as Hugging Face names it (<c>Qwen/Qwen3-8B</c>); also the public name. Default <c>smollm2-135m-instruct</c>.</summary>
    [Required]
    public string Model { get; set; } = DefaultModel;

    /// <summary>Servers of the pool, 0 to 16. Default 2.</summary>
    [Range(0, 16)]
    public int Replicas { get; set; } = 2;

    /// <summary>GPUs that one server splits the model over (<c>--tensor-parallel-size</c>), 1 to 16. Default 1. Without a GPU it plays no part.</summary>
    [Range(1, 16)]
    public int TensorParallel { get; set; } = 1;

    /// <summary>
    /// <c>any</c> (default), <c>none</c> for vLLM's build for CPUs, or the GPU's name as the GPU operator labels nodes, such as
    /// <c>NVIDIA-H100-80GB-HBM3</c>.
    /// </summary>
    [Required]
    public string Gpu { get; set; } = "any";

    /// <summary>Further arguments of <c>vllm serve</c>, in their order. Default: none. <c>plan</c> prints what a model needs.</summary>
    public IList<string> Arguments { get; } = [];

    /// <summary>A vLLM that runs elsewhere, http or https: then the pool adds no server of its own. Default: none.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>LocalVllm's engine, <c>smollm2</c> (default: a small real model) or <c>simulated</c>. Published pools have no use for it.</summary>
    [AllowedValues("smollm2", "simulated")]
    public string Engine { get; set; } = "smollm2";

    /// <summary>GPUs of one server.</summary>
    internal int Gpus => Gpu == "none" ? 0 : TensorParallel;

    /// <summary>The kind of GPU that is asked for, or empty.</summary>
    internal string GpuKind => Gpu is "none" or "any" ? "" : Gpu;

    /// <param name="configuration">Where the settings are.</param>
    /// <param name="name">Name of the first pool, unless it has one of its own.</param>
    /// <exception cref="DistributedApplicationException">A setting is out of its range; the message names it.</exception>
    internal static IReadOnlyList<VllmPoolSettings> From(IConfiguration configuration, string name)
    {
        var sections = configuration.GetSection(Section).GetChildren().ToList();
        if (sections.Count == 0)
        {
            return [Single(configuration, name)];
        }

        List<VllmPoolSettings> pools = [.. sections.Select((section, number) => Validated(
            section.Path,
            section.Get<VllmPoolSettings>() ?? new VllmPoolSettings(),
            number == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}{number}x")))];
        return pools.GroupBy(pool => pool.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } same
            ? throw new DistributedApplicationException($"{Section}: two pools are called '{same.Key}'.")
            : pools;
    }

    private static VllmPoolSettings Single(IConfiguration configuration, string name)
    {
        var settings = new VllmPoolSettings { Model = configuration["Parameters:model"] ?? DefaultModel };
        if (configuration["AppHost:Replicas"] is { Length: > 0 } text)
        {
            settings.Replicas = int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 16
                ? number
                : throw new DistributedApplicationException($"AppHost:Replicas is '{text}': a number from 0 to 16.");
        }

        settings.Engine = configuration["AppHost:Engine"] switch
        {
            null => settings.Engine,
            "simulated" or "smollm2" => configuration["AppHost:Engine"]!,
            var other => throw new DistributedApplicationException($"AppHost:Engine is '{other}': 'simulated' or 'smollm2'."),
        };
        return Validated(Section, settings, name);
    }

    private static VllmPoolSettings Validated(string path, VllmPoolSettings settings, string name)
    {
        settings.Name = settings.Name.Length == 0 ? name : settings.Name;
        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(settings, new ValidationContext(settings), problems, validateAllProperties: true))
        {
            throw new DistributedApplicationException($"{path}:{problems[0].MemberNames.First()}: {problems[0].ErrorMessage}");
        }

        if (settings.Endpoint is { } endpoint && (!endpoint.IsAbsoluteUri || endpoint.Scheme is not ("http" or "https")))
        {
            throw new DistributedApplicationException($"{path}:Endpoint is '{endpoint}': an http or https address.");
        }

        return PoolName().IsMatch(settings.Name)
            ? settings
            : throw new DistributedApplicationException($"{path}:Name is '{settings.Name}': 1 to 24 letters and digits, a letter first.");
    }

    [GeneratedRegex("^[a-z][a-z0-9]{0,23}$")]
    private static partial Regex PoolName();
}
