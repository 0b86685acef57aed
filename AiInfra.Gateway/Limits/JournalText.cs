using System.Buffers.Text;
using System.Text;

namespace AiInfra.Gateway.Limits;

/// <summary>Lines for a journal, put together in one buffer that is used again and again.</summary>
internal sealed class JournalText
{
    private byte[] _bytes = new byte[1024];
    private int _count;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _count);

    public void Clear() => _count = 0;

    public JournalText Add(string word)
    {
        _count += Encoding.UTF8.GetBytes(word, Room(Encoding.UTF8.GetMaxByteCount(word.Length)));
        return this;
    }

    public JournalText Add(char sign)
    {
        Room(1)[0] = (byte)sign;
        _count++;
        return this;
    }

    public JournalText Add(long number)
    {
        const int MostDigits = 20;
        Utf8Formatter.TryFormat(number, Room(MostDigits), out var written);
        _count += written;
        return this;
    }

    private Span<byte> Room(int needed)
    {
        if (_bytes.Length - _count < needed)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _count + needed));
        }

        return _bytes.AsSpan(_count);
    }
}
