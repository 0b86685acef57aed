using System.Globalization;
using System.Text.RegularExpressions;
using AiInfra.AppHost.Planning;

namespace AiInfra.Bench.Planner;

/// <summary>Finds the GPU behind the words of a log.</summary>
internal static partial class LogGpus
{
    // A driver reports about this share of the gibibytes that a card is sold by.
    private const double ReportedShare = 0.98;

    public static readonly GpuKind Unknown = new("not named", Bytes.FromGibibytes(79), 0, 0, 0, 0);

    /// <summary>
    /// The catalogue's GPU; else one by hand, from the memory that the log prints or the words name; else null. A mere class is not a name.
    /// </summary>
    public static (GpuKind? Gpu, bool IsNamed) Find(string words, long? printedTotal)
    {
        var isNamed = !Vague().IsMatch(words);
        var gpu = isNamed ? Catalogue.FindGpu(words) : null;
        var stated = Gibibytes().Match(words);
        if (gpu is not null)
        {
            // "(23.08 GiB usable)": a card that shows other memory than its kind.
            return (stated.Success ? gpu with { UsableMemory = Bytes.FromGibibytes(Number(stated)) } : gpu, true);
        }

        var sold = Gigabytes().Match(words);
        var memory = printedTotal is { } total ? new Bytes(total)
            : stated.Success ? Bytes.FromGibibytes(Number(stated))
            : sold.Success ? Bytes.FromGibibytes(Number(sold) * ReportedShare)
            : Bytes.Zero;
        return memory > Bytes.Zero ? (Unknown with { Name = words, UsableMemory = memory }, isNamed) : (null, false);
    }

    private static double Number(Match match) => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+(?:\.\d+)?) GiB")]
    private static partial Regex Gibibytes();

    [GeneratedRegex(@"(\d+(?:\.\d+)?) ?GB")]
    private static partial Regex Gigabytes();

    [GeneratedRegex("class|unknown|not named|not stated|inferred", RegexOptions.IgnoreCase)]
    private static partial Regex Vague();
}
