using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Embeddings;

/// <summary>The embedding model and what it may use: section <c>Embeddings</c>.</summary>
public sealed class EmbeddingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Embeddings";

    /// <summary>Folder with <c>model.onnx</c> and <c>vocab.txt</c>. Default: <c>models/all-minilm-l6-v2</c> in the program's folder or one above.</summary>
    public string? ModelFolder { get; set; }

    /// <summary>Texts embedded at the same time, one thread each, 1 to 256. Default: the number of processors.</summary>
    [Range(1, 256, ErrorMessage = "Embeddings:Parallelism must be between 1 and 256 threads.")]
    public int Parallelism { get; set; } = Environment.ProcessorCount;

    /// <summary>Questions whose embedding the service holds itself, 0 to 1,000,000. Default 4,096 (about 2 KiB each).</summary>
    [Range(0, 1_000_000, ErrorMessage = "Embeddings:CachedQueries must be between 0 and 1,000,000.")]
    public int CachedQueries { get; set; } = 4096;

    /// <summary>How long a question's embedding is kept, in the service and in Redis, 1 minute to 30 days. Default 1 day.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00", ErrorMessage = "Embeddings:QueryLifetime must be between 1 minute and 30 days.")]
    public TimeSpan QueryLifetime { get; set; } = TimeSpan.FromDays(1);
}

[OptionsValidator]
internal sealed partial class EmbeddingOptionsValidator : IValidateOptions<EmbeddingOptions>;
