using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace AiInfra.Gateway.Routing;

/// <summary>Mixes bytes into 64 bits: fast, well spread, not secret. The caller's chain begins with a seed of the process.</summary>
internal static class PromptHash
{
    private const ulong First = 0x9E37_79B9_7F4A_7C15;
    private const ulong Second = 0xD6E8_FEB8_6659_FD93;

    public static ulong Add(ulong state, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 8)
        {
            state = BitOperations.RotateLeft((state ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * First, 29) + Second;
            bytes = bytes[8..];
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
}
