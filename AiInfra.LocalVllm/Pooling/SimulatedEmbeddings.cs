using System.Text.RegularExpressions;
using AiInfra.LocalVllm.Scheduling;

namespace AiInfra.LocalVllm.Pooling;

/// <summary>
/// Vectors without a model: every word and every three letters of it push the vector in a direction of their own, so texts that share words are near
/// each other. Unit length unless asked otherwise.
/// </summary>
internal static partial class SimulatedEmbeddings
{
    /// <summary>Dimensions of every vector, those of MiniLM-L6.</summary>
    public const int Dimension = 384;

    /// <returns><c>float[384]</c>.</returns>
    public static float[] Embed(string text, bool normalize)
    {
        var vector = new float[Dimension];
        Push(vector, "", 0.05f);
        foreach (Match match in Word().Matches(text.ToLowerInvariant()))
        {
            Push(vector, match.Value, 1);
            for (var i = 0; i + 3 <= match.Length; i++)
            {
                Push(vector, match.Value.Substring(i, 3), 0.25f);
            }
        }

        if (normalize)
        {
            var length = MathF.Sqrt(vector.Sum(value => value * value));
            for (var i = 0; i < vector.Length; i++)
            {
                vector[i] /= length;
            }
        }

        return vector;
    }

    public static double Cosine(float[] a, float[] b)
    {
        double dot = 0, lengthA = 0, lengthB = 0;
        for (var i = 0; i < a.Length; i++)
        {
            dot += a[i] * b[i];
            lengthA += a[i] * a[i];
            lengthB += b[i] * b[i];
        }

        return dot / Math.Sqrt(lengthA * lengthB);
    }

    private static void Push(float[] vector, string feature, float weight)
    {
        var state = BlockHash.Text(feature);
        for (var i = 0; i < vector.Length; i++)
        {
            state = state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407;
            vector[i] += weight * ((state >> 40) / (float)(1 << 24) - 0.5f);
        }
    }

    [GeneratedRegex(@"[\p{L}\p{N}]+")]
    private static partial Regex Word();
}
