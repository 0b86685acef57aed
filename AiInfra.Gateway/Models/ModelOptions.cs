namespace AiInfra.Gateway.Models;

/// <summary>One public model: section <c>Gateway:Models:n</c>.</summary>
public sealed class ModelOptions
{
    /// <summary>The name that callers use, unique among names and aliases.</summary>
    public string Name { get; set; } = "";

    /// <summary>Service discovery name of the pool of replicas that serves it, for example <c>vllm</c> (keys <c>services:vllm:http:n</c>).</summary>
    public string Service { get; set; } = "";

    /// <summary>Further names for the same model. Default: none.</summary>
    public IList<string> Aliases { get; } = [];

    /// <summary>The name that the replicas know it by (<c>--served-model-name</c>). Default: <see cref="Name"/>.</summary>
    public string? ServedName { get; set; }

    /// <summary>The static key of the replicas (<c>--api-key</c>), sent instead of the caller's. Default: none.</summary>
    public string? ApiKey { get; set; }

    /// <summary>Public names of models that answer in this one's place, in this order, while none of its replicas can. Default: none.</summary>
    public IList<string> Fallbacks { get; } = [];
}
