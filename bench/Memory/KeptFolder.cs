namespace AiInfra.Bench.Memory;

/// <summary>Where what takes long to make is kept for the next run: <c>artifacts/bench</c>, or the folder that a variable names.</summary>
internal static class KeptFolder
{
    /// <summary>Names another folder.</summary>
    public const string Variable = "AIINFRA_BENCH_FOLDER";

    /// <summary>The folder <paramref name="name"/> in it; it may not be there yet.</summary>
    // .../artifacts/bin/bench/release/ is where this program lies.
    public static string At(string name) => Path.Combine(
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen ? chosen : Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "bench")), name);
}
