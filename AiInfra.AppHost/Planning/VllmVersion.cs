using System.Globalization;
using System.Text.RegularExpressions;

namespace AiInfra.AppHost.Planning;

/// <summary>A vLLM release, as far as its memory accounting depends on it.</summary>
/// <param name="Minor">The n of 0.n.</param>
/// <param name="Patch">The p of 0.n.p.</param>
/// <param name="IsV0">The engine before V1: one cache for all layers, other profiling.</param>
internal sealed partial record VllmVersion(int Minor, int Patch, bool IsV0)
{
    /// <summary>The release that the platform was recorded with.</summary>
    public static readonly VllmVersion Newest = new(32, 0, false);

    public bool IsAtLeast(int minor, int patch) => Minor > minor || (Minor == minor && Patch >= patch);

    /// <summary>
    /// Reads <c>0.19.0</c>, <c>v0.10.1.1</c>, <c>0.7.x (V0 engine)</c>, <c>0.1.dev1+g... (0.22 line)</c>. An unknown digit (<c>0.2x</c>)
    /// is read as the middle of its range, a nightly as the newest.
    /// </summary>
    public static VllmVersion Parse(string text)
    {
        var lower = text.Trim().ToLowerInvariant();
        if (lower is "" or "latest" or "newest" || lower.StartsWith("nightly", StringComparison.Ordinal))
        {
            return Newest;
        }

        var line = Line().Match(lower);
        if (line.Success)
        {
            return new VllmVersion(Number(line.Groups[1].Value), 1, false);
        }

        var decade = Decade().Match(lower);
        if (decade.Success)
        {
            return new VllmVersion((Number(decade.Groups[1].Value) * 10) + 5, 0, false);
        }

        var match = Release().Match(lower);
        if (!match.Success)
        {
            throw new PlanInputException($"'{text}' is not a vLLM release.", $"Write it like 0.{Newest.Minor}.0.");
        }

        var minor = Number(match.Groups[1].Value);
        var patch = match.Groups[2].Success ? Number(match.Groups[2].Value) : 0;
        // V1 became the default with 0.8; a text may name its engine.
        var isV0 = lower.Contains("v0 engine", StringComparison.Ordinal) || lower.Contains("(v0", StringComparison.Ordinal)
            || (minor < 8 && !lower.Contains("v1", StringComparison.Ordinal));
        return new VllmVersion(minor, patch, isV0);
    }

    public override string ToString() => $"0.{Minor}.{Patch}{(IsV0 ? " (V0 engine)" : "")}";

    private static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"0\.(\d+)[ -]line")]
    private static partial Regex Line();

    [GeneratedRegex(@"^v?0\.(\d)x")]
    private static partial Regex Decade();

    [GeneratedRegex(@"^v?0\.(\d+)(?:\.(\d+))?")]
    private static partial Regex Release();
}
