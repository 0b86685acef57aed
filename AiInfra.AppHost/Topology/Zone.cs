namespace AiInfra.AppHost.Topology;

/// <summary>The three networks, from the outside in. A service joins its own, and those further in that it calls.</summary>
internal enum Zone
{
    /// <summary>Where callers arrive: the gateway alone.</summary>
    Edge,

    /// <summary>What works: memory, model servers, monitoring.</summary>
    Services,

    /// <summary>What is kept: Redis and Chroma, without a way out.</summary>
    Data,
}
