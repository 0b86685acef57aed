namespace AiInfra.AppHost.Planning;

/// <summary>
/// How a checkpoint stores its matrices, in bits per weight with scales and zero points. Embeddings, output head, routers and norms stay at
/// 16.
/// </summary>
internal sealed record WeightPrecision(string Name, double DenseBits, double ExpertBits, double AttentionBits)
{
    /// <summary>Bits that the arithmetic runs at: 16, 8 or 4.</summary>
    public int ComputeBits { get; init; } = 16;

    public static readonly WeightPrecision Bf16 = new("bf16", 16, 16, 16);

    // A scale of 32 bits for every 128 x 128 block, or one a row.
    public static readonly WeightPrecision Fp8 = new("fp8", 8.02, 8.02, 8.02) { ComputeBits = 8 };

    /// <summary>Only feed-forward matrices in 8 bits (Meta's own FP8 checkpoints).</summary>
    public static readonly WeightPrecision Fp8FeedForward = new("fp8-ffn", 8.02, 8.02, 16) { ComputeBits = 8 };

    public static readonly WeightPrecision Int8 = new("int8", 8.02, 8.02, 8.02) { ComputeBits = 8 };

    // Groups of 128 with a 16-bit scale and a 4-bit zero point.
    public static readonly WeightPrecision Int4 = new("int4", 4.16, 4.16, 4.16);

    /// <summary>Only the experts in 4 bits with groups of 32 (Kimi-K2-Thinking).</summary>
    public static readonly WeightPrecision Int4Experts = new("int4-experts", 16, 4.5, 16);

    // 16 elements share an 8-bit scale; published dense checkpoints keep attention at 8 bits.
    public static readonly WeightPrecision NvFp4 = new("nvfp4", 4.5, 4.5, 8.02) { ComputeBits = 4 };

    /// <summary>What "nvfp4" means for models with experts: nothing else is quantized.</summary>
    public static readonly WeightPrecision NvFp4Experts = new("nvfp4-experts", 16, 4.5, 16) { ComputeBits = 4 };

    // 32 elements share an 8-bit scale; attention stays at 16 bits.
    public static readonly WeightPrecision MxFp4 = new("mxfp4", 16, 4.25, 16);

    /// <summary>Experts in 4 bits, everything else in 8 (DeepSeek-V4).</summary>
    public static readonly WeightPrecision Fp4Fp8 = new("fp4-fp8", 8.02, 4.25, 8.02) { ComputeBits = 8 };

    public static readonly IReadOnlyList<WeightPrecision> All =
        [Bf16, Fp8, Fp8FeedForward, Int8, Int4, Int4Experts, NvFp4, NvFp4Experts, MxFp4, Fp4Fp8];

    /// <summary>What the format's name means for a model: with experts, published 4-bit checkpoints leave attention at 16 bits.</summary>
    public WeightPrecision On(ModelShape model) => !model.IsMixtureOfExperts ? this
        : this == NvFp4 ? NvFp4Experts
        : this == Int4 ? this with { AttentionBits = 16 }
        : this;

    /// <summary>Recognises names of formats in free words: <c>awq int4 (marlin)</c>, <c>fp8 block</c>, <c>w8a8</c>, <c>none</c>.</summary>
    public static bool TryParse(string text, out WeightPrecision precision)
    {
        var lower = text.ToLowerInvariant();
        WeightPrecision? found = null;
        foreach (var (word, candidate) in Words)
        {
            if (lower.Contains(word, StringComparison.Ordinal))
            {
                found = candidate;
                break;
            }
        }

        precision = found ?? Bf16;
        return found is not null;
    }

    /// <exception cref="PlanInputException">The format is not known.</exception>
    public static WeightPrecision Parse(string text) => TryParse(text, out var precision)
        ? precision
        : throw new PlanInputException(
            $"'{text}' is no weight format that the planner knows.", $"Known: {string.Join(", ", All.Select(known => known.Name))}.");

    private static readonly (string Word, WeightPrecision Precision)[] Words =
    [
        ("fp4-fp8", Fp4Fp8), ("fp4 experts", Fp4Fp8), ("int4-experts", Int4Experts), ("mxfp4", MxFp4),
        ("nvfp4-experts", NvFp4Experts), ("nvfp4", NvFp4), ("modelopt_fp4", NvFp4),
        ("fp8-ffn", Fp8FeedForward), ("fbgemm_fp8", Fp8FeedForward), ("fp8", Fp8), ("f8_e4m3", Fp8),
        ("int8", Int8), ("w8a8", Int8), ("w8a16", Int8), ("8-bit", Int8), ("8bit", Int8),
        ("int4", Int4), ("awq", Int4), ("gptq", Int4), ("w4a", Int4), ("wna16", Int4),
        ("4-bit", Int4), ("4bit", Int4), ("4bpw", Int4), ("autoround", Int4),
        ("fp4", NvFp4), ("bf16", Bf16), ("fp16", Bf16), ("bfloat16", Bf16), ("float16", Bf16), ("none", Bf16),
    ];
}
