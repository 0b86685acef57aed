using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace AiInfra.AppHost.Vllm;

/// <summary>
/// One pool of model servers: section <c>Models:0</c>, <c>Models:1</c> and so on. Without the section there is one pool, shaped by
/// <c>Parameters:model</c> and the settings <c>AppHost:Replicas</c>, <c>:Engine</c>, <c>:ModelFolder</c> and <c>:ModelEndpoint</c>.
/// </summary>
public sealed partial class VllmPoolSettings
{
    public const string Section = "Models";

    private const string DefaultModel = "smollm2-135m-instruct";

    /// <summary>
    /// Service name of the pool, small letters and digits, letter first: hyphens are lost in environment variables. Default:
    /// <c>vllm</c> for the first pool, <c>vllm1x</c>, <c>vllm2x</c> and so on for the others.
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

    /// <summary>
    /// A running OpenAI-compatible server (vLLM, Ollama, llama-server) in the pool's place, for example <c>http://127.0.0.1:11434</c>.
    /// Default: none. Its key, where it has one, is the parameter <c>NAME-key</c>, or <c>model-key</c> for <c>AppHost:ModelEndpoint</c>.
    /// </summary>
    public Uri? Endpoint { get; set; }

    /// <summary>LocalVllm's engine, <c>smollm2</c> (default: a small real model) or <c>simulated</c>. Published pools have no use for it.</summary>
    [AllowedValues("smollm2", "simulated")]
    public string Engine { get; set; } = "smollm2";

    /// <summary>LocalVllm's model: a folder with an ONNX model in the embedded one's place. Default: none.</summary>
    public string? Folder { get; set; }

    /// <summary>True when the pool stands in the section, false when it is the one that the switches shape.</summary>
    internal bool IsConfigured { get; private set; }

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

        List<VllmPoolSettings> pools = [.. sections.Select((section, number) => Configured(
            section, number == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}{number}x")))];
        return pools.GroupBy(pool => pool.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } same
            ? throw new DistributedApplicationException($"{Section}: two pools are called '{same.Key}'.")
            : pools;
    }

    private static VllmPoolSettings Configured(IConfigurationSection section, string name)
    {
        var settings = section.Get<VllmPoolSettings>() ?? new VllmPoolSettings();
        settings.IsConfigured = true;
        settings.Name = settings.Name.Length == 0 ? name : settings.Name;
        settings.Endpoint = ReadEndpoint($"{section.Path}:Endpoint", section["Endpoint"]);
        settings.Folder = ReadFolder($"{section.Path}:Folder", settings.Folder, settings.Engine);
        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(settings, new ValidationContext(settings), problems, validateAllProperties: true))
        {
            throw new DistributedApplicationException($"{section.Path}:{problems[0].MemberNames.First()}: {problems[0].ErrorMessage}");
        }

        return PoolName().IsMatch(settings.Name)
            ? settings
            : throw new DistributedApplicationException($"{section.Path}:Name is '{settings.Name}': 1 to 24 small letters and digits, a letter first.");
    }

    private static VllmPoolSettings Single(IConfiguration configuration, string name)
    {
        var engine = configuration["AppHost:Engine"] ?? "smollm2";
        if (engine is not ("simulated" or "smollm2"))
        {
            throw new DistributedApplicationException($"AppHost:Engine is '{engine}': 'simulated' or 'smollm2'.");
        }

        return new VllmPoolSettings
        {
            Name = name,
            Model = configuration["Parameters:model"] is { Length: > 0 } model ? model : DefaultModel,
            Replicas = configuration["AppHost:Replicas"] is not { Length: > 0 } text ? 2
                : int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 16 ? number
                : throw new DistributedApplicationException($"AppHost:Replicas is '{text}': a number from 0 to 16."),
            Engine = engine,
            Folder = ReadFolder("AppHost:ModelFolder", configuration["AppHost:ModelFolder"], engine),
            Endpoint = ReadEndpoint("AppHost:ModelEndpoint", configuration["AppHost:ModelEndpoint"]),
        };
    }

    private static string? ReadFolder(string key, string? folder, string engine) => folder switch
    {
        null or "" => null,
        _ when engine != "smollm2" => throw new DistributedApplicationException($"{key} needs a model to run: the engine is '{engine}', set 'smollm2' or nothing."),
        _ when !File.Exists(Path.Combine(folder, "model.onnx")) => throw new DistributedApplicationException($"{key} is '{folder}': there is no model.onnx."),
        _ => Path.GetFullPath(folder),
    };

    private static Uri? ReadEndpoint(string key, string? endpoint) => endpoint switch
    {
        null or "" => null,
        // Clients are often told the address with the version; the gateway adds it itself.
        _ when Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.AbsolutePath.TrimEnd('/') is "" or "/v1"
            => new Uri(uri.GetLeftPart(UriPartial.Authority)),
        _ => throw new DistributedApplicationException($"{key} is '{endpoint}': an address such as http://127.0.0.1:11434."),
    };

    [GeneratedRegex("^[a-z][a-z0-9]{0,23}$")]
    private static partial Regex PoolName();
}
