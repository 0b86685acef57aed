namespace AiInfra.Bench.Memory;

/// <summary>The rankings that the tables hold beside each other: the API's name and the row's.</summary>
internal static class Rankings
{
    public const string Default = "hybrid";
    public const string WithoutLateInteraction = "hybridWithoutLateInteraction";

    public static readonly (string Api, string Label)[] All =
    [
        ("lexical", "BM25"),
        ("dense", "MiniLM"),
        ("reciprocalRank", "equal RRF of the two"),
        (WithoutLateInteraction, "default without late interaction"),
        (Default, "default"),
    ];
}
