using System.Reflection;

namespace AiInfra.AppHost.Prerequisites;

/// <summary>What the build wrote into this assembly: where the AppHost lies, which services were built with it, why this engine.</summary>
internal static class BuiltServices
{
    private static readonly Dictionary<string, string?> Metadata = typeof(BuiltServices).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .DistinctBy(one => one.Key, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(one => one.Key, one => one.Value, StringComparer.OrdinalIgnoreCase);

    public static string AppHostDirectory { get; } = Path.TrimEndingDirectorySeparator(Metadata["AppHostDirectory"]!);

    public static string EngineReason { get; } = Metadata.GetValueOrDefault("AppHostEngineReason") is { Length: > 0 } reason
        ? reason
        : "AppHostEngine asks for it";

    /// <exception cref="Aspire.Hosting.DistributedApplicationException">The project was not built with the AppHost.</exception>
    public static string AssemblyOf(string project) => Metadata.GetValueOrDefault($"Service:{project}")
        ?? throw new Aspire.Hosting.DistributedApplicationException(
            $"{project} is not built with the AppHost: add it to AiInfra.AppHost.csproj as a ProjectReference like the other services.");
}
