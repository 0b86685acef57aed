namespace AiInfra.LocalVllm.Metrics;

/// <summary>vLLM 0.32.0's bucket bounds.</summary>
internal static class Buckets
{
    public static readonly double[] RequestSeconds =
        [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

    public static readonly double[] FirstTokenSeconds =
        [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560];

    public static readonly double[] TokenSeconds =
        [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];

    public static readonly double[] StepTokens = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384];

    public static readonly double[] Choices = [1, 2, 5, 10, 20];

    public static readonly double[] Preemptions = [1, 2, 3, 4, 5, 10, 20];

    public static readonly double[] HttpSeconds = [0.1, 0.5, 1];

    public static readonly double[] HttpSecondsFine =
        [0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 7.5, 10, 30, 60];

    /// <summary>1, 2, 5, 10, 20, 50, … up to the model's length.</summary>
    public static double[] Tokens(int maxModelLength)
    {
        var bounds = new List<double>();
        for (long decade = 1; decade <= maxModelLength; decade *= 10)
        {
            foreach (var step in (ReadOnlySpan<int>)[1, 2, 5])
            {
                if (step * decade <= maxModelLength)
                {
                    bounds.Add(step * decade);
                }
            }
        }

        return [.. bounds];
    }
}
