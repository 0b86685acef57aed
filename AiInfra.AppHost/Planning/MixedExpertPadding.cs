namespace AiInfra.AppHost.Planning;

/// <summary>MXFP4 kernels want expert matrices in whole tiles; the padding is memory.</summary>
internal readonly record struct MixedExpertPadding(int HiddenMultiple, int IntermediateMultiple)
{
    public static readonly MixedExpertPadding None = new(1, 1);

    /// <summary>
    /// Hopper's and data-centre Blackwell's kernels pad one side to 256; Marlin, which serves every other GPU (and Hopper before 0.11), both.
    /// </summary>
    public static MixedExpertPadding For(WeightPrecision precision, GpuKind gpu, VllmVersion version)
    {
        if (precision != WeightPrecision.MxFp4)
        {
            return None;
        }

        var native = gpu.Capability.StartsWith("9.", StringComparison.Ordinal) || gpu.Capability.StartsWith("10.", StringComparison.Ordinal);
        return native && version.IsAtLeast(10, 2) ? new(256, 64) : new(256, 128);
    }

    public double Hidden(double size) => RoundUp(size, HiddenMultiple);

    public double Intermediate(double size) => RoundUp(size, IntermediateMultiple);

    private static double RoundUp(double size, int multiple) => multiple == 1 ? size : Math.Ceiling(size / multiple) * multiple;
}
