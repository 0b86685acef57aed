using AiInfra.AppHost.Planning;
using AiInfra.Tests.Fixtures;
using CsCheck;

namespace AiInfra.Tests.Planning;

public sealed class BytesTests
{
    [Theory]
    [InlineData("80GB", 80_000_000_000)]
    [InlineData("80 GiB", 85_899_345_920)]
    [InlineData("79.2gib", 85_040_352_461)]
    [InlineData("512MiB", 536_870_912)]
    [InlineData("1TB", 1_000_000_000_000)]
    public void Reads_a_size_in_the_unit_it_names(string text, long expected)
    {
        Assert.True(Bytes.TryParse(text, out var value));
        Assert.Equal(expected, value.Count);
    }

    [Theory]
    [InlineData("80")]
    [InlineData("")]
    [InlineData("GB")]
    [InlineData("-1GB")]
    [InlineData("80Gb/s")]
    [InlineData("1e300TB")]
    public void Refuses_a_size_whose_unit_or_number_is_missing(string text) => Assert.False(Bytes.TryParse(text, out _));

    [Fact]
    public void The_units_never_mix() => Gen.Double[0.001, 100_000].Holds(number =>
    {
        var (decimalSize, binarySize) = (Bytes.FromGigabytes(number), Bytes.FromGibibytes(number));
        return binarySize > decimalSize
            && Math.Abs(decimalSize.Gigabytes - number) < 1e-6
            && Math.Abs(binarySize.Gibibytes - number) < 1e-6
            && Bytes.TryParse(FormattableString.Invariant($"{number:R}GB"), out var readDecimal) && readDecimal == decimalSize
            && Bytes.TryParse(FormattableString.Invariant($"{number:R}GiB"), out var readBinary) && readBinary == binarySize;
    }, cases: 100);
}
