namespace AiInfra.MemoryService.Search;

/// <summary>What each term of a score counts for. Chosen by leaving one conversation out (<c>bench -- locomo</c>).</summary>
internal sealed record SearchWeights(
    ColumnWeights Columns, float Lexical, float Dense, float DenseNear, float DenseFar, float LateInteraction, float Speaker, float Calendar, float Question)
{
    /// <summary>Of how much it matters, above or below the middle (0.5): nothing for a memory of which nobody said.</summary>
    public float Importance { get; init; }

    /// <summary>Of what is missing to full confidence (1): nothing for a memory of which nobody doubted.</summary>
    public float Confidence { get; init; }

    /// <summary>Of how new it is: 1 now, half of it after each half-life; a pinned memory does not fade.</summary>
    public float Recency { get; init; }

    /// <summary>Of how much the question right before it in its session is the one that is asked: what follows answers it. With late interaction only.</summary>
    public float Answer { get; init; }

    public float RecencyHalfLifeDays { get; init; } = 30;

    public static readonly SearchWeights Default = new(
        Columns: new ColumnWeights(2, 1, 1), Lexical: 0.8f, Dense: 1.8f, DenseNear: 0.4f, DenseFar: 0.1f,
        LateInteraction: 3, Speaker: 0.3f, Calendar: 1.5f, Question: -0.4f)
    {
        Answer = 0.6f,
        Importance = 0.3f,
        Confidence = 0.3f,
    };

    public static readonly SearchWeights WithoutLateInteraction = Default with { LateInteraction = 0 };

    /// <summary>BM25 on the memory's own words.</summary>
    public static readonly SearchWeights LexicalOnly = new(ColumnWeights.OwnOnly, 1, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>Cosine of the sentence vectors.</summary>
    public static readonly SearchWeights DenseOnly = new(ColumnWeights.OwnOnly, 0, 1, 0, 0, 0, 0, 0, 0);
}

/// <summary>The terms of one score, weighted: their sum is the score.</summary>
internal readonly record struct SearchTerms(float Lexical, float Dense, float LateInteraction, float Speaker, float Calendar, float Question, float Worth = 0, float Answer = 0)
{
    public float Score => Lexical + Dense + LateInteraction + Speaker + Calendar + Question + Worth + Answer;
}

/// <summary>A memory that was found: where its record lies, and why it was found.</summary>
internal readonly record struct SearchHit(long Sequence, int Row, SearchTerms Terms)
{
    public float Score => Terms.Score;
}
