using System.Text.RegularExpressions;

namespace AiInfra.LocalVllm.Simulation;

/// <summary>Chooses the passages of a text that bear on a question, by the words they share.</summary>
internal static partial class Passages
{
    private static readonly HashSet<string> StopWords =
    [
        "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "does", "for", "from", "had", "has", "have",
        "he", "her", "his", "how", "i", "if", "in", "is", "it", "its", "me", "my", "not", "of", "on", "or", "our", "she", "so", "tell", "that", "the",
        "their", "them", "they", "this", "to", "us", "was", "we", "were", "what", "when", "where", "which", "who", "whom", "why", "will", "with",
        "would", "you", "your", "please", "about", "there", "user", "assistant",
    ];

    /// <summary>Lines and sentences, without list marks and empty ones.</summary>
    public static IEnumerable<string> Split(string text) => text
        .Split('\n')
        .SelectMany(line => SentenceEnd().Split(line))
        .Select(passage => passage.Trim().TrimStart('-', '*', '•', '#', '>').Trim())
        .Where(passage => passage.Length > 0);

    /// <summary>Up to two passages, in their order in the text; rare shared words count more than common ones.</summary>
    public static IReadOnlyList<string> Bearing(string question, IReadOnlyList<string> passages)
    {
        var asked = Words(question).ToHashSet();
        var words = passages.Select(passage => Words(passage).ToHashSet()).ToList();
        var weights = asked.ToDictionary(
            word => word,
            word => Math.Log(1 + (double)passages.Count / (1 + words.Count(set => set.Contains(word)))) + 0.1);
        var ranked = words
            .Select((set, index) => (Index: index, Score: asked.Where(set.Contains).Sum(word => weights[word]) / (1 + 0.02 * set.Count)))
            .Where(entry => entry.Score > 0)
            .OrderByDescending(entry => entry.Score)
            .ThenByDescending(entry => entry.Index)
            .ToList();
        return [.. ranked
            .Where(entry => entry.Score > 0.6 * ranked[0].Score)
            .Take(2)
            .OrderBy(entry => entry.Index)
            .Select(entry => passages[entry.Index])
            .Distinct()];
    }

    private static IEnumerable<string> Words(string text) => Word().Matches(text)
        .Select(match => match.Value.ToLowerInvariant())
        .Where(word => !StopWords.Contains(word))
        .Select(Stem);

    // Enough that "dogs", "dog's" and "dog", or "named" and "name", meet.
    private static string Stem(string word)
    {
        word = word.EndsWith("'s", StringComparison.Ordinal) ? word[..^2] : word;
        foreach (var ending in (ReadOnlySpan<string>)["ing", "ed", "es", "s", "e"])
        {
            if (word.Length > ending.Length + 2 && word.EndsWith(ending, StringComparison.Ordinal))
            {
                return word[..^ending.Length];
            }
        }

        return word;
    }

    [GeneratedRegex(@"(?<=[.!?])\s+")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"[\p{L}\p{N}][\p{L}\p{N}']*")]
    private static partial Regex Word();
}
