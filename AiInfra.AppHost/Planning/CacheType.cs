namespace AiInfra.AppHost.Planning;

/// <summary>Type of the key-value cache (<c>--kv-cache-dtype</c>).</summary>
internal sealed record CacheType(string Name, double ElementBytes)
{
    /// <summary>A 32-bit scale for every token and head.</summary>
    public bool HasHeadScales { get; init; }

    public static readonly CacheType Auto = new("auto", 0);

    public static readonly CacheType Bf16 = new("bfloat16", 2);

    public static readonly CacheType Fp8 = new("fp8", 1);

    /// <summary>656 bytes a token for latent attention: 8-bit latent, 16-bit rotary part, scales.</summary>
    public static readonly CacheType Fp8Latent = new("fp8_ds_mla", 1);

    public static readonly CacheType Int8PerHead = new("int8_per_token_head", 1) { HasHeadScales = true };

    public static readonly CacheType Fp8PerHead = new("fp8_per_token_head", 1) { HasHeadScales = true };

    // Half a byte an element and a byte of scale for every 16.
    public static readonly CacheType NvFp4 = new("nvfp4", 0.5625);

    public static readonly IReadOnlyList<CacheType> All = [Auto, Bf16, Fp8, Fp8Latent, Int8PerHead, Fp8PerHead, NvFp4];

    /// <exception cref="PlanInputException">The type is not known.</exception>
    public static CacheType Parse(string text)
    {
        var lower = text.Trim().ToLowerInvariant();
        return All.FirstOrDefault(type => type.Name == lower) ?? lower switch
        {
            "" => Auto,
            "bf16" or "float16" or "fp16" => Bf16,
            "fp8_e4m3" or "fp8_e5m2" or "fp8_inc" => Fp8,
            _ => throw new PlanInputException(
                $"'{text}' is no cache type of vLLM that the planner knows.", $"Known: {string.Join(", ", All.Select(type => type.Name))}."),
        };
    }
}
