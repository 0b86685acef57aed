using System.Collections.Frozen;

namespace AiInfra.MemoryService.Lexicon;

/// <summary>English words that say nothing about what a text is about, in lower case.</summary>
internal static class StopWords
{
    // The last line is what is left of contractions once a tokenizer has split them at the apostrophe.
    private static readonly FrozenSet<string> Words = """
        a an and are as at be been but by can could did do does for from had has have he her him his how i if in into is it its me my
        no not of on or our she should so some such that the their them then there these they this to us was we were what when where
        which who whom whose why will with would you your
        d don ll m re s t ve
        """.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    public static bool Contains(string word) => Words.Contains(word);
}
