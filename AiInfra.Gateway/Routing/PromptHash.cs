using System.Numerics;
using System.Runtime.InteropServices;

namespace AiInfra.Gateway.Routing;

/// <summary>Mixes bytes into 64 bits: fast, well spread, not secret. The caller's chain begins with a seed of the process.</summary>
internal static class PromptHash
{
    private const ulong First = 0x9E37_79B9_7F4A_7C15;
    private const ulong Second = 0xD6E8_FEB8_6659_FD93;
    private const int Lanes = 4;

    public static ulong Add(ulong state, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        bytes = bytes[(words.Length * sizeof(ulong))..];
        if (words.Length >= Lanes)
        {
            // Four chains side by side: one alone waits for its own multiplication most of the time.
            var (a, b, c, d) = (state, state ^ First, state + Second, ~state);
            do
            {
                a = Step(a, words[0]);
                b = Step(b, words[1]);
                c = Step(c, words[2]);
                d = Step(d, words[3]);
                words = words[Lanes..];
            }
            while (words.Length >= Lanes);

            state = Step(Step(Mix(a), Mix(b)), Mix(c)) ^ Mix(d + Second);
        }

        foreach (var word in words)
        {
            state = Step(state, word);
        }

        var rest = (ulong)bytes.Length << 56;
        for (var i = 0; i < bytes.Length; i++)
        {
            rest |= (ulong)bytes[i] << (8 * i);
        }

        return Mix(state ^ (rest * First));
    }

    public static ulong Of(ReadOnlySpan<char> text) => Add(First, MemoryMarshal.AsBytes(text));

    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 32)) * Second;
        value = (value ^ (value >> 32)) * Second;
        return value ^ (value >> 32);
    }

    private static ulong Step(ulong state, ulong word) => BitOperations.RotateLeft((state ^ word) * First, 29) + Second;
}
