using System.Globalization;

namespace AiInfra.AppHost.Planning;

/// <summary>An amount of memory. GB is 10^9 bytes and GiB is 2^30: a number never travels here without its unit.</summary>
internal readonly record struct Bytes(long Count) : IComparable<Bytes>
{
    private const double BytesPerGibibyte = 1L << 30;

    public static readonly Bytes Zero;

    public double Gibibytes => Count / BytesPerGibibyte;

    public double Gigabytes => Count / 1e9;

    public static Bytes FromGibibytes(double gibibytes) => new((long)Math.Round(gibibytes * BytesPerGibibyte));

    public static Bytes FromGigabytes(double gigabytes) => new((long)Math.Round(gigabytes * 1e9));

    public static Bytes Of(double count) => new((long)Math.Round(count));

    public static Bytes operator +(Bytes left, Bytes right) => new(left.Count + right.Count);

    public static Bytes operator -(Bytes left, Bytes right) => new(left.Count - right.Count);

    public static Bytes operator *(Bytes left, double factor) => Of(left.Count * factor);

    /// <summary>How many times <paramref name="right"/> fits as a fraction; a pure number.</summary>
    public static double operator /(Bytes left, Bytes right) => (double)left.Count / right.Count;

    public static bool operator <(Bytes left, Bytes right) => left.Count < right.Count;

    public static bool operator >(Bytes left, Bytes right) => left.Count > right.Count;

    public static bool operator <=(Bytes left, Bytes right) => left.Count <= right.Count;

    public static bool operator >=(Bytes left, Bytes right) => left.Count >= right.Count;

    public static Bytes Max(Bytes left, Bytes right) => left > right ? left : right;

    /// <summary>Reads <c>80GB</c>, <c>79.2GiB</c>, <c>512 MiB</c>. A number without a unit is refused: GB and GiB differ by 7 %.</summary>
    public static bool TryParse(string text, out Bytes value)
    {
        value = default;
        var trimmed = text.Trim();
        var letters = trimmed.Length;
        while (letters > 0 && char.IsAsciiLetter(trimmed[letters - 1]))
        {
            letters--;
        }

        var factor = trimmed[letters..].ToUpperInvariant() switch
        {
            "TIB" => 1L << 40,
            "GIB" => 1L << 30,
            "MIB" => 1L << 20,
            "KIB" => 1L << 10,
            "TB" => 1e12,
            "GB" => 1e9,
            "MB" => 1e6,
            "B" => 1,
            _ => 0.0,
        };
        if (factor == 0 || !double.TryParse(trimmed[..letters], NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            || !double.IsFinite(number) || number < 0 || number * factor > long.MaxValue / 2)
        {
            return false;
        }

        value = Of(number * factor);
        return true;
    }

    public int CompareTo(Bytes other) => Count.CompareTo(other.Count);

    public override string ToString() => Math.Abs(Count) switch
    {
        >= 1L << 40 => string.Create(CultureInfo.InvariantCulture, $"{Count / (double)(1L << 40):0.00} TiB"),
        >= 1L << 28 => string.Create(CultureInfo.InvariantCulture, $"{Gibibytes:0.00} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{Count / (double)(1L << 20):0.0} MiB"),
        >= 1L << 10 => string.Create(CultureInfo.InvariantCulture, $"{Count / 1024.0:0.0} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Count} B"),
    };
}
