using System.Numerics;

namespace AiInfra.LocalVllm.Scheduling;

/// <summary>Chained 64-bit hashes of token blocks: a block's hash stands for everything before it too.</summary>
internal static class BlockHash
{
    private const ulong Prime = 0x9E37_79B9_7F4A_7C15;

    /// <summary>The start of a chain. <paramref name="cacheKey"/> separates salts and adapters.</summary>
    public static ulong Start(ulong cacheKey) => Mix(cacheKey ^ 0xA076_1D64_78BD_642F);

    public static ulong Add(ulong hash, int token) => BitOperations.RotateLeft(hash ^ ((ulong)(uint)token * Prime), 27) * Prime + 0x52DC_E729;

    public static ulong Finish(ulong hash) => Mix(hash);

    /// <summary>A key for a text such as a salt; the same in every run.</summary>
    public static ulong Text(string text)
    {
        var hash = Prime;
        foreach (var character in text)
        {
            hash = Add(hash, character);
        }

        return Mix(hash);
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 32)) * 0xD6E8_FEB8_6659_FD93;
        value = (value ^ (value >> 32)) * 0xD6E8_FEB8_6659_FD93;
        return value ^ (value >> 32);
    }
}
