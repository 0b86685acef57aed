using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AiInfra.MemoryService.Embeddings;

namespace AiInfra.MemoryService.Search;

/// <summary>
/// The largest dot product of each of a question's pieces with any token vector of a memory. Sixteen pieces lie side by side in one
/// register, so that no sum runs across it. As in <see cref="VectorKernels"/>, integers give the same bits everywhere.
/// </summary>
internal static class TokenKernel
{
    private const int Lanes = 16;
    private const int Pairs = TokenVectors.Dimensions / 2;

    /// <summary>Blocks of sixteen pieces: the first two parts of each, the next two of each, and so on; padded with zeros.</summary>
    /// <param name="pieces">short[pieces][64].</param>
    public static short[] Interleave(ReadOnlySpan<short[]> pieces)
    {
        var blocks = (pieces.Length + Lanes - 1) / Lanes;
        var interleaved = new short[blocks * Lanes * TokenVectors.Dimensions];
        for (var piece = 0; piece < pieces.Length; piece++)
        {
            var (block, lane) = Math.DivRem(piece, Lanes);
            for (var d = 0; d < TokenVectors.Dimensions; d++)
            {
                interleaved[(((((block * Pairs) + (d / 2)) * Lanes) + lane) * 2) + (d % 2)] = pieces[piece][d];
            }
        }

        return interleaved;
    }

    /// <param name="question">As <see cref="Interleave"/> made it.</param>
    /// <param name="stored">sbyte[tokens × 64].</param>
    /// <param name="largest">int[pieces, rounded up to blocks]: raised where a product is larger.</param>
    public static void LargestDots(ReadOnlySpan<short> question, ReadOnlySpan<sbyte> stored, Span<int> largest)
    {
        Span<short> wide = stackalloc short[TokenVectors.Dimensions];
        ref var q = ref MemoryMarshal.GetReference(question);
        ref var s = ref MemoryMarshal.GetReference(stored);
        ref var w = ref MemoryMarshal.GetReference(wide);
        ref var pairs = ref Unsafe.As<short, int>(ref w);
        ref var best = ref MemoryMarshal.GetReference(largest);
        for (nuint token = 0; token < (nuint)stored.Length; token += TokenVectors.Dimensions)
        {
            var (low, high) = Vector512.Widen(Vector512.LoadUnsafe(ref s, token));
            low.StoreUnsafe(ref w);
            high.StoreUnsafe(ref w, Lanes * 2);
            for (nuint lane = 0; lane < (nuint)largest.Length; lane += Lanes)
            {
                ref var block = ref Unsafe.Add(ref q, lane * TokenVectors.Dimensions);
                // Two sums: an addition need not wait for the one before.
                var (even, odd) = (Vector512<int>.Zero, Vector512<int>.Zero);
                for (nuint pair = 0; pair < Pairs; pair += 2)
                {
                    even += Products(Vector512.Create(Unsafe.Add(ref pairs, pair)), Vector512.LoadUnsafe(ref block, pair * Lanes * 2));
                    odd += Products(Vector512.Create(Unsafe.Add(ref pairs, pair + 1)), Vector512.LoadUnsafe(ref block, (pair + 1) * Lanes * 2));
                }

                Vector512.Max(even + odd, Vector512.LoadUnsafe(ref best, lane)).StoreUnsafe(ref best, lane);
            }
        }
    }

    /// <summary>Products of 16-bit parts, each pair of neighbours added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Products(Vector512<int> stored, Vector512<short> question)
    {
        if (Avx512BW.IsSupported)
        {
            return Avx512BW.MultiplyAddAdjacent(stored.AsInt16(), question);
        }

        if (Avx2.IsSupported)
        {
            return Vector512.Create(
                Avx2.MultiplyAddAdjacent(stored.GetLower().AsInt16(), question.GetLower()), Avx2.MultiplyAddAdjacent(stored.GetUpper().AsInt16(), question.GetUpper()));
        }

        var parts = question.AsInt32();
        return (((stored << 16) >> 16) * ((parts << 16) >> 16)) + ((stored >> 16) * (parts >> 16));
    }
}
