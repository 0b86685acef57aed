using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Storage;

/// <summary>Where memories are kept, and the limits of one of them: section <c>Memory</c>.</summary>
public sealed class StorageOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Memory";

    /// <summary>Folder of the databases, one file per tenant. Default: <c>data/memory</c> below the working folder.</summary>
    [Required(ErrorMessage = "Memory:DataFolder is empty: a folder for the databases is needed.")]
    public string DataFolder { get; set; } = Path.Combine("data", "memory");

    /// <summary>Characters of one memory's text, 1 to 1,000,000. Default 32,768. Only the first 256 word pieces are embedded.</summary>
    [Range(1, 1_000_000, ErrorMessage = "Memory:MaxTextLength must be between 1 and 1,000,000 characters.")]
    public int MaxTextLength { get; set; } = 32_768;

    /// <summary>Memories of one batch, 1 to 1,000. Default 1,000.</summary>
    [Range(1, 1000, ErrorMessage = "Memory:MaxBatch must be between 1 and 1,000 memories.")]
    public int MaxBatch { get; set; } = 1000;

    /// <summary>Memories of one user, 1 to 10,000,000. Default 1,000,000; beyond it a store answers 507.</summary>
    [Range(1, 10_000_000, ErrorMessage = "Memory:MaxMemoriesPerUser must be between 1 and 10,000,000.")]
    public int MaxMemoriesPerUser { get; set; } = 1_000_000;

    /// <summary>Writes that may wait for the disk per tenant, 1 to 100,000. Default 4,096; beyond it callers wait.</summary>
    [Range(1, 100_000, ErrorMessage = "Memory:MaxPendingWrites must be between 1 and 100,000.")]
    public int MaxPendingWrites { get; set; } = 4096;
}

[OptionsValidator]
internal sealed partial class StorageOptionsValidator : IValidateOptions<StorageOptions>;
