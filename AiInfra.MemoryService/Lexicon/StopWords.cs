using System.Collections.Frozen;

namespace AiInfra.MemoryService.Lexicon;

/// <summary>English words that say nothing about what a text is about, in lower case.</summary>
internal static class StopWords
{
    // The fragments at the end are what is left of contractions once a tokenizer has split them at the apostrophe.
    private static readonly FrozenSet<string> Words = """
        a about above after again against all also am an and any are as at be because been before being below between both but by
        can cannot could did do does doing down during each few for from further had has have having he her here hers herself him
        himself his how i if in into is it its itself just let me more most my myself no nor not now of off on once only or other
        ought our ours ourselves out over own same shall she should so some such than that the their theirs them themselves then
        there these they this those through to too under until up upon us very was we were what when where which while who whom
        whose why will with would you your yours yourself yourselves
        ain aren couldn d didn doesn don hadn hasn haven isn ll m ma mightn mustn needn o re s shan shouldn t ve wasn weren won wouldn y
        """.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    public static bool Contains(string word) => Words.Contains(word);
}
