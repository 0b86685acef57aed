using System.Globalization;
using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;

namespace AiInfra.MemoryService.Context;

/// <summary>Puts the memories that bear on a question into a text for a model: within a budget, each with a mark to cite it by.</summary>
internal sealed class ContextBuilder(MemorySearch search, WordPieces pieces)
{
    public const int DefaultTokens = 1000;
    public const int FewestTokens = 16;
    public const int MostTokens = 32_000;

    private const int Candidates = 50;

    public async Task<ContextResponse> BuildAsync(Caller caller, string query, int maxTokens, SearchFilter filter, CancellationToken cancellationToken)
    {
        var found = await search.SearchAsync(caller, query, Ranking.Hybrid, filter, Candidates, cancellationToken);
        var taken = TokenBudget.Take(found, maxTokens, pieces, (number, hit) => Line(number, hit.Memory));
        // Oldest first: a model reads what came later as the newer truth.
        var text = string.Join('\n', taken.OrderBy(entry => entry.Hit.Memory.Attributes.Timestamp).Select(entry => entry.Line));
        return new ContextResponse(
            text, taken.Sum(entry => entry.Tokens), [.. taken.Select((entry, i) => new CitationResponse(i + 1, entry.Hit.Memory.Id, entry.Hit.Score))]);
    }

    private static string Line(int number, MemoryRecord memory)
    {
        var speaker = memory.Attributes.Speaker is { } name ? $" {DataText.OneLine(name)}:" : "";
        return string.Create(CultureInfo.InvariantCulture, $"[{number}] {memory.Attributes.Timestamp:yyyy-MM-dd}{speaker} {DataText.OneLine(memory.Text)}");
    }
}
