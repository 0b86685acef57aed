namespace AiInfra.Bench.Running;

/// <summary>The switches that every benchmark understands.</summary>
/// <param name="Data">Folder of evaluation data (<c>--data</c>), or null.</param>
/// <param name="Json">File for the report as JSON (<c>--json</c>), or null.</param>
/// <param name="Check">Exit with 1 when a bar does not hold (<c>--check</c>).</param>
/// <param name="Full">The whole measurement instead of the quick one (<c>--full</c>).</param>
internal sealed record BenchArguments(string? Data, string? Json, bool Check, bool Full)
{
    /// <summary>The data folder <paramref name="name"/> below <see cref="Data"/>.</summary>
    /// <exception cref="BenchException">No folder was given, or it lacks the data.</exception>
    public string DataFolder(string name)
    {
        var root = Data ?? throw new BenchException($"This benchmark needs evaluation data that is not part of the repository: pass --data DIR, where DIR holds {name}.");
        var path = Path.GetFileName(Path.TrimEndingDirectorySeparator(root)) == name ? root : Path.Combine(root, name);
        return Directory.Exists(path) ? path : throw new BenchException($"There is no {path}.");
    }
}

/// <summary>A benchmark that cannot run, with a sentence for the person who started it.</summary>
internal sealed class BenchException(string message) : Exception(message);
