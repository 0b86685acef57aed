using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace AiInfra.AppHost.Vllm;

/// <summary>The local pool of models, read before the model of the application is built.</summary>
/// <param name="Model">Public name of the model, and what the replicas are told to serve: <c>Parameters:model</c>.</param>
/// <param name="Replicas">Processes that serve it, 0 to 16: <c>AppHost:Replicas</c>, default 2.</param>
/// <param name="Engine">LocalVllm's engine, <c>smollm2</c> (default: a small real model) or <c>simulated</c>: <c>AppHost:Engine</c>.</param>
internal sealed record VllmPoolSettings(string Model, int Replicas, string Engine)
{
    private const string DefaultModel = "smollm2-135m-instruct";

    /// <summary><c>AppHost:ModelFolder</c>: a folder with an ONNX model in the embedded one's place; null for none.</summary>
    public string? Folder { get; private init; }

    /// <summary>
    /// <c>AppHost:ModelEndpoint</c>: a running OpenAI-compatible server (vLLM, Ollama, llama-server) in the replicas' place, for example
    /// <c>http://127.0.0.1:11434</c>; null for none. Its key, where it has one, is <c>Parameters:model-key</c>.
    /// </summary>
    public Uri? Endpoint { get; private init; }

    /// <exception cref="DistributedApplicationException">A setting is out of its range; the message names it.</exception>
    public static VllmPoolSettings From(IConfiguration configuration)
    {
        var replicas = configuration["AppHost:Replicas"] is { Length: > 0 } text
            ? int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 16
                ? number
                : throw new DistributedApplicationException($"AppHost:Replicas is '{text}': a number from 0 to 16.")
            : 2;
        var engine = configuration["AppHost:Engine"] ?? "smollm2";
        if (engine is not ("simulated" or "smollm2"))
        {
            throw new DistributedApplicationException($"AppHost:Engine is '{engine}': 'simulated' or 'smollm2'.");
        }

        return new VllmPoolSettings(configuration["Parameters:model"] is { Length: > 0 } model ? model : DefaultModel, replicas, engine)
        {
            Folder = ReadFolder(configuration["AppHost:ModelFolder"], engine),
            Endpoint = ReadEndpoint(configuration["AppHost:ModelEndpoint"]),
        };
    }

    private static string? ReadFolder(string? folder, string engine) => folder switch
    {
        null or "" => null,
        _ when engine != "smollm2" => throw new DistributedApplicationException($"AppHost:ModelFolder needs a model to run: AppHost:Engine is '{engine}', set 'smollm2' or nothing."),
        _ when !File.Exists(Path.Combine(folder, "model.onnx")) => throw new DistributedApplicationException($"AppHost:ModelFolder is '{folder}': there is no model.onnx."),
        _ => Path.GetFullPath(folder),
    };

    private static Uri? ReadEndpoint(string? endpoint) => endpoint switch
    {
        null or "" => null,
        // Clients are often told the address with the version; the gateway adds it itself.
        _ when Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.AbsolutePath.TrimEnd('/') is "" or "/v1"
            => new Uri(uri.GetLeftPart(UriPartial.Authority)),
        _ => throw new DistributedApplicationException($"AppHost:ModelEndpoint is '{endpoint}': an address such as http://127.0.0.1:11434."),
    };
}
