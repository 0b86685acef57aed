namespace AiInfra.AppHost.Planning;

/// <summary>A GPU: what CUDA or ROCm reports as its memory, and its nominal speeds (dense).</summary>
/// <param name="Name">As the driver prints it, or "by hand".</param>
/// <param name="UsableMemory">What the driver reports, not the sales figure.</param>
/// <param name="BandwidthBytesPerSecond">Nominal memory bandwidth; 0 when not given: then no speed is predicted.</param>
/// <param name="Flops16">Dense operations per second at 16 bits, 32-bit accumulation; 0 when not given.</param>
/// <param name="Flops8">The same at 8 bits; 0 where the GPU has no such format.</param>
/// <param name="Flops4">The same at 4 bits; 0 where the GPU has no such format.</param>
internal sealed record GpuKind(string Name, Bytes UsableMemory, double BandwidthBytesPerSecond, double Flops16, double Flops8, double Flops4)
{
    public string Capability { get; init; } = "";

    public bool IsUnified { get; init; }

    public bool IsAmd { get; init; }

    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>
    /// Operations per second where weights are computed at <paramref name="bits"/>; a GPU without the format falls back to the next wider
    /// one.
    /// </summary>
    public double Flops(int bits) => bits <= 4 && Flops4 > 0 ? Flops4 : bits <= 8 && Flops8 > 0 ? Flops8 : Flops16;
}
