namespace AiInfra.AppHost.Publishing;

/// <summary>What is published: <c>Publishing:Target</c>, one of <c>compose</c> (default), <c>kubernetes</c>, <c>azure</c>.</summary>
internal static class PublishingTarget
{
    public const string Compose = "compose";
    public const string Kubernetes = "kubernetes";

    /// <summary>The manifest that <c>azd</c> reads; what the manifest publisher writes is always that.</summary>
    public const string Azure = "azure";

    private const string Setting = "Publishing:Target";

    /// <exception cref="DistributedApplicationException">The setting is none of the three.</exception>
    public static string Of(IDistributedApplicationBuilder builder) => builder.Configuration[Setting] switch
    {
        null or "" => builder.Configuration["Publishing:Publisher"] == "manifest" ? Azure : Compose,
        Compose => Compose,
        Kubernetes => Kubernetes,
        Azure => Azure,
        var other => throw new DistributedApplicationException($"{Setting} is '{other}': '{Compose}', '{Kubernetes}' or '{Azure}'."),
    };
}
