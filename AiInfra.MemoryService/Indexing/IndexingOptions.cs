using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Indexing;

/// <summary>How Chroma is kept in step with the records: section <c>Indexing</c>.</summary>
public sealed class IndexingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Indexing";

    /// <summary>Changes of one call, 1 to 5,000. Default 500 (about 2 MB).</summary>
    [Range(1, 5000, ErrorMessage = "Indexing:BatchSize must be between 1 and 5,000 changes.")]
    public int BatchSize { get; set; } = 500;

    /// <summary>How often a collection is checked by its count and a known vector when nothing happens, 1 second to 1 day. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "Indexing:CheckInterval must be between 1 second and 1 day.")]
    public TimeSpan CheckInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long the indexer waits after a failure before it tries again, 100 ms to 10 minutes. Default 2 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00", ErrorMessage = "Indexing:RetryDelay must be between 100 ms and 10 minutes.")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(2);
}

[OptionsValidator]
internal sealed partial class IndexingOptionsValidator : IValidateOptions<IndexingOptions>;
