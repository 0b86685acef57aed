using System.Globalization;
using System.Text.RegularExpressions;
using AiInfra.AppHost.Planning;

namespace AiInfra.Bench.Planner;

/// <summary>Finds the catalogue's GPU behind the words of a log.</summary>
internal static partial class LogGpus
{
    public static readonly GpuKind Unknown = new("not named", Bytes.FromGibibytes(79), 0, 0, 0, 0);

    public static GpuKind? Find(string words)
    {
        if (words.Contains("class", StringComparison.OrdinalIgnoreCase) || words.Contains("unknown", StringComparison.OrdinalIgnoreCase)
            || words.Contains("not named", StringComparison.OrdinalIgnoreCase) || Catalogue.FindGpu(words) is not { } gpu)
        {
            return null;
        }

        // "(23.08 GiB usable)": a card that shows other memory than its kind.
        var stated = Gibibytes().Match(words);
        return stated.Success
            ? gpu with { UsableMemory = Bytes.FromGibibytes(double.Parse(stated.Groups[1].Value, CultureInfo.InvariantCulture)) }
            : gpu;
    }

    [GeneratedRegex(@"(\d+(?:\.\d+)?) GiB")]
    private static partial Regex Gibibytes();
}
