using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Lexicon;

namespace AiInfra.MemoryService.Search;

/// <summary>A question, taken apart against what the scope knows: its speakers and its years.</summary>
internal sealed class Question
{
    private Question(IReadOnlyList<string> words, string? speaker, IReadOnlyList<NamedDates> dates, ReadOnlyMemory<float> sentence, TokenVectors tokens)
    {
        Words = words;
        Speaker = speaker;
        Dates = dates;
        Sentence = sentence;
        Tokens = tokens;
    }

    /// <summary>Distinct words without stop words and names of speakers; all of them when nothing else is left.</summary>
    public IReadOnlyList<string> Words { get; }

    /// <summary>The one known speaker that the question names, or null.</summary>
    public string? Speaker { get; }

    public IReadOnlyList<NamedDates> Dates { get; }

    public ReadOnlyMemory<float> Sentence { get; }

    /// <summary>Token vectors without those of speakers' names.</summary>
    public TokenVectors Tokens { get; }

    /// <summary>A question of meaning alone.</summary>
    public static Question Of(ReadOnlyMemory<float> sentence) => new([], null, [], sentence, TokenVectors.None);

    /// <param name="text">As it was asked.</param>
    /// <param name="embedding">Of the text.</param>
    /// <param name="index">The scope.</param>
    /// <param name="pieces">The model's vocabulary.</param>
    /// <param name="synonymsOf">Words that count like one of the question's.</param>
    public static Question Of(string text, ContextualEmbedding embedding, ScopeIndex index, WordPieces pieces, Func<string, IEnumerable<string>> synonymsOf)
    {
        var words = Lexicon.Words.Of(text);
        var named = index.Speakers.Where(speaker => Contains(words, Lexicon.Words.Of(speaker))).Order(StringComparer.Ordinal).ToList();
        var names = named.SelectMany(Lexicon.Words.Of).ToHashSet(StringComparer.Ordinal);
        var distinct = words.Distinct(StringComparer.Ordinal).ToList();
        var telling = distinct.Where(word => !StopWords.Contains(word) && !names.Contains(word)).ToList();
        return new Question(
            telling.Count > 0 ? [.. telling.Concat(telling.SelectMany(synonymsOf).SelectMany(Lexicon.Words.Of)).Distinct(StringComparer.Ordinal)] : distinct,
            named.Count == 1 ? named[0] : null,
            QuestionDates.In(text, index.Years),
            embedding.Vector,
            WithoutNames(embedding.Tokens, named, pieces));
    }

    private static bool Contains(List<string> words, List<string> name)
    {
        for (var start = 0; name.Count > 0 && start + name.Count <= words.Count; start++)
        {
            if (words.Slice(start, name.Count).SequenceEqual(name, StringComparer.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static TokenVectors WithoutNames(TokenVectors tokens, List<string> names, WordPieces pieces)
    {
        var nameRuns = names.Select(name => pieces.EncodeWord(name).Where(piece => pieces.IsMeaningful(piece)).Select(piece => (ushort)piece).ToArray());
        var dropped = new bool[tokens.Count];
        foreach (var run in nameRuns.Where(run => run.Length > 0))
        {
            for (var start = 0; start + run.Length <= tokens.Count; start++)
            {
                if (tokens.Pieces.AsSpan(start, run.Length).SequenceEqual(run))
                {
                    dropped.AsSpan(start, run.Length).Fill(true);
                }
            }
        }

        var kept = Array.FindAll([.. Enumerable.Range(0, tokens.Count)], i => !dropped[i]);
        return kept.Length == tokens.Count
            ? tokens
            : new TokenVectors(Array.ConvertAll(kept, i => tokens.Pieces[i]), [.. kept.SelectMany(i => tokens[i].ToArray())]);
    }
}
