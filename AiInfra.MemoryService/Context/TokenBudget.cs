using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Search;

namespace AiInfra.MemoryService.Context;

/// <summary>A memory that was taken, the line that tells it, and the line's word pieces.</summary>
internal sealed record TakenMemory(FoundMemory Hit, string Line, int Tokens);

/// <summary>Takes the best memories that fit into a budget.</summary>
internal static class TokenBudget
{
    // Where several write, one alone cannot fill what a model reads: a poisoned writer stays one voice of several.
    private const double WriterShare = 0.5;

    /// <param name="found">Best first.</param>
    /// <param name="maxTokens">Word pieces of all lines together.</param>
    /// <param name="pieces">Counts them.</param>
    /// <param name="line">The line of a memory, given its number from 1.</param>
    public static List<TakenMemory> Take(IReadOnlyList<FoundMemory> found, int maxTokens, WordPieces pieces, Func<int, FoundMemory, string> line)
    {
        var several = found.Select(hit => hit.Memory.Attributes.Writer).Distinct(StringComparer.Ordinal).Count() > 1;
        var byWriter = new Dictionary<string, int>(StringComparer.Ordinal);
        var taken = new List<TakenMemory>();
        var tokens = 0;
        foreach (var hit in found)
        {
            var text = line(taken.Count + 1, hit);
            var cost = pieces.Count(text);
            var writer = hit.Memory.Attributes.Writer ?? "";
            if (tokens + cost > maxTokens || (several && byWriter.GetValueOrDefault(writer) + cost > maxTokens * WriterShare))
            {
                continue;
            }

            taken.Add(new TakenMemory(hit, text, cost));
            tokens += cost;
            byWriter[writer] = byWriter.GetValueOrDefault(writer) + cost;
        }

        return taken;
    }
}
