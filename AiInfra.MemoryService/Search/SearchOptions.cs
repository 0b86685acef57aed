using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Search;

/// <summary>Limits of searches and of what is held in memory for them: section <c>Search</c>.</summary>
public sealed class SearchOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Search";

    /// <summary>Results of one search at most, 1 to 1,000. Default 100.</summary>
    [Range(1, 1000, ErrorMessage = "Search:MaxLimit must be between 1 and 1,000 results.")]
    public int MaxLimit { get; set; } = 100;

    /// <summary>Characters of one query, 1 to 100,000. Default 4,096.</summary>
    [Range(1, 100_000, ErrorMessage = "Search:MaxQueryLength must be between 1 and 100,000 characters.")]
    public int MaxQueryLength { get; set; } = 4096;

    /// <summary>
    /// Memories whose index is held in memory, over all users, 1,000 to 100,000,000. Default 500,000 (about 2 KiB each). Beyond it
    /// the users who searched longest ago are dropped, and read again at their next search.
    /// </summary>
    [Range(1000, 100_000_000, ErrorMessage = "Search:MaxIndexedMemories must be between 1,000 and 100,000,000.")]
    public int MaxIndexedMemories { get; set; } = 500_000;
}

[OptionsValidator]
internal sealed partial class SearchOptionsValidator : IValidateOptions<SearchOptions>;
