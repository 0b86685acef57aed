namespace AiInfra.AppHost.Topology;

/// <summary>An image of another project.</summary>
/// <param name="Repository">With its registry: no runtime has to guess where it comes from.</param>
/// <param name="Tag">Its version, never <c>latest</c>.</param>
/// <param name="Digest"><c>sha256:…</c> of the index of all platforms, or empty where nobody has looked it up yet.</param>
internal sealed record Image(string Repository, string Tag, string Digest = "")
{
    /// <summary>The registry's name, the first part of the repository.</summary>
    public string Registry => Repository[..Repository.IndexOf('/', StringComparison.Ordinal)];

    /// <summary>The repository below its registry.</summary>
    public string Name => Repository[(Registry.Length + 1)..];

    public override string ToString() => Digest.Length == 0 ? $"{Repository}:{Tag}" : $"{Repository}:{Tag}@{Digest}";
}
