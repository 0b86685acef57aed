using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AiInfra.MemoryService.Search;

/// <summary>
/// Dot products of a question in 16-bit and a stored vector in 8-bit integers. Integers add up to the same sum in any order, so every
/// processor, path and batch gives the same bits.
/// </summary>
internal static class VectorKernels
{
    /// <summary>The question's scale: its largest part becomes this. 384 products of it with 127 stay within 32 bits.</summary>
    private const int QuestionRange = 16_000;

    /// <summary>The vector in 16 bits, and the factor that gives its real values back.</summary>
    public static (short[] Values, float Scale) QuantizeQuestion(ReadOnlySpan<float> vector)
    {
        var largest = LargestPart(vector);
        var values = new short[vector.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (short)MathF.Round(vector[i] / largest * QuestionRange);
        }

        return (values, largest / QuestionRange);
    }

    /// <summary>Writes the vector in 8 bits and gives the factor that gives its real values back.</summary>
    public static float QuantizeStored(ReadOnlySpan<float> vector, Span<sbyte> values)
    {
        var largest = LargestPart(vector);
        for (var i = 0; i < vector.Length; i++)
        {
            values[i] = (sbyte)MathF.Round(vector[i] / largest * 127);
        }

        return largest / 127;
    }

    /// <param name="question">short[n], n a multiple of 32.</param>
    /// <param name="stored">sbyte[n].</param>
    public static int Dot(ReadOnlySpan<short> question, ReadOnlySpan<sbyte> stored)
    {
        ref var q = ref MemoryMarshal.GetReference(question);
        ref var s = ref MemoryMarshal.GetReference(stored);
        nuint length = (nuint)stored.Length;
        nuint i = 0;
        var sum = 0;
        if (Avx512BW.IsSupported)
        {
            var sums = Vector512<int>.Zero;
            for (; i + 32 <= length; i += 32)
            {
                var wide = Avx512BW.ConvertToVector512Int16(Vector256.LoadUnsafe(ref s, i));
                sums += Avx512BW.MultiplyAddAdjacent(wide, Vector512.LoadUnsafe(ref q, i));
            }

            sum = Vector512.Sum(sums);
        }
        else if (Avx2.IsSupported)
        {
            var sums = Vector256<int>.Zero;
            for (; i + 16 <= length; i += 16)
            {
                var wide = Avx2.ConvertToVector256Int16(Vector128.LoadUnsafe(ref s, i));
                sums += Avx2.MultiplyAddAdjacent(wide, Vector256.LoadUnsafe(ref q, i));
            }

            sum = Vector256.Sum(sums);
        }
        else
        {
            var sums = Vector128<int>.Zero;
            for (; i + 16 <= length; i += 16)
            {
                var (low, high) = Vector128.Widen(Vector128.LoadUnsafe(ref s, i));
                sums += Products(low, Vector128.LoadUnsafe(ref q, i)) + Products(high, Vector128.LoadUnsafe(ref q, i + 8));
            }

            sum = Vector128.Sum(sums);
        }

        for (; i < length; i++)
        {
            sum += System.Runtime.CompilerServices.Unsafe.Add(ref q, i) * System.Runtime.CompilerServices.Unsafe.Add(ref s, i);
        }

        return sum;
    }

    private static Vector128<int> Products(Vector128<short> left, Vector128<short> right)
    {
        var (leftLow, leftHigh) = Vector128.Widen(left);
        var (rightLow, rightHigh) = Vector128.Widen(right);
        return (leftLow * rightLow) + (leftHigh * rightHigh);
    }

    private static float LargestPart(ReadOnlySpan<float> vector)
    {
        var largest = float.Epsilon;
        foreach (var value in vector)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        return largest;
    }
}
