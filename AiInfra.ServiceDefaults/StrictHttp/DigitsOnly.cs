using System.Text;

namespace AiInfra.ServiceDefaults.StrictHttp;

/// <summary>ASCII in which whatever is not all digits reads as no number at all.</summary>
internal sealed class DigitsOnly : ASCIIEncoding
{
    public static DigitsOnly Encoding { get; } = new();

    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        var count = base.GetChars(bytes, chars);
        if (bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            chars[..count].Fill('x');
        }

        return count;
    }
}
