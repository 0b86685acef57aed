using System.Globalization;
using System.Text;

namespace AiInfra.MemoryService.Lexicon;

/// <summary>Splits text as SQLite's tokenizer <c>unicode61</c> does: runs of letters and digits, in lower case, without accents.</summary>
internal static class Words
{
    public static List<string> Of(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var rune in Accents.Strip(text).EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (Rune.IsLetterOrDigit(rune) || category is UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber or UnicodeCategory.PrivateUse)
            {
                word.Append(Folded(rune).ToString());
            }
            else
            {
                Take(word, words);
            }
        }

        Take(word, words);
        return words;
    }

    // Two letters that lower-casing leaves and unicode61 folds: the micro sign and the final sigma.
    private static Rune Folded(Rune rune) => Rune.ToLowerInvariant(rune).Value switch
    {
        'µ' => new Rune('μ'),
        'ς' => new Rune('σ'),
        var other => new Rune(other),
    };

    private static void Take(StringBuilder word, List<string> words)
    {
        if (word.Length > 0)
        {
            words.Add(word.ToString());
            word.Clear();
        }
    }
}
