using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Augmentation;

/// <summary>How memories come into chat calls: section <c>Augmentation</c>.</summary>
public sealed class AugmentationOptions
{
    public const string Section = "Augmentation";

    /// <summary>Tokens of the memories that one turn gets at most, 16 to 32,000, as the embedding model counts. Default 512.</summary>
    [Range(16, 32_000, ErrorMessage = "Augmentation:MaxTokens must be between 16 and 32,000.")]
    public int MaxTokens { get; set; } = 512;

    /// <summary>Memories that bear on the question less than this are left out, 0 to 1. Default: the memory service's own threshold.</summary>
    [Range(0.0, 1.0, ErrorMessage = "Augmentation:MinRelevance must be between 0 and 1.")]
    public double? MinRelevance { get; set; }

    /// <summary>How long a chat waits for its memories before it goes on without, 50 ms to 1 minute. Default 2 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00", ErrorMessage = "Augmentation:Timeout must be between 50 ms and 1 minute.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long chats do without memories after the service let one wait in vain, up to 10 minutes. Default 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00", ErrorMessage = "Augmentation:PauseAfterTimeout must be at most 10 minutes.")]
    public TimeSpan PauseAfterTimeout { get; set; } = TimeSpan.FromSeconds(5);
}

[OptionsValidator]
internal sealed partial class AugmentationOptionsValidator : IValidateOptions<AugmentationOptions>;
