using System.Collections.Frozen;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>GPT-2's alphabet: every byte has one printable character, so a vocabulary of bytes can be written as text.</summary>
internal static class ByteLevelAlphabet
{
    private static readonly char[] Characters = Build();
    private static readonly FrozenDictionary<char, byte> Bytes =
        Enumerable.Range(0, 256).ToFrozenDictionary(value => Characters[value], value => (byte)value);

    /// <summary>The bytes that a vocabulary entry stands for: <c>Ġthe</c> is <c>" the"</c>.</summary>
    public static byte[] Decode(string entry)
    {
        var bytes = new byte[entry.Length];
        for (var i = 0; i < entry.Length; i++)
        {
            bytes[i] = Bytes[entry[i]];
        }

        return bytes;
    }

    // Printable Latin-1 characters stand for themselves; the others are numbered from U+0100 on.
    private static char[] Build()
    {
        var characters = new char[256];
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[value] = (char)(printable ? value : next++);
        }

        return characters;
    }
}
