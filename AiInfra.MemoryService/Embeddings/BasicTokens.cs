using System.Globalization;
using System.Text;
using AiInfra.MemoryService.Lexicon;

namespace AiInfra.MemoryService.Embeddings;

/// <summary>
/// The first half of BERT's uncased tokenizer (google-research/bert, <c>BasicTokenizer</c>): clean, lower case, no accents, and
/// blanks between words, marks and Chinese characters.
/// </summary>
internal static class BasicTokens
{
    public static string Of(string text)
    {
        var tokens = new StringBuilder(text.Length + 16);
        foreach (var rune in Accents.Strip(text).EnumerateRunes())
        {
            if (IsBlank(rune))
            {
                tokens.Append(' ');
            }
            else if (IsPunctuation(rune) || IsChinese(rune.Value))
            {
                tokens.Append(' ').Append(rune.ToString()).Append(' ');
            }
            else if (!IsControl(rune))
            {
                tokens.Append(Rune.ToLowerInvariant(rune).ToString());
            }
        }

        return tokens.ToString();
    }

    private static bool IsBlank(Rune rune) =>
        rune.Value is ' ' or '\t' or '\n' or '\r' || Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator;

    // A lone surrogate is read as U+FFFD and dropped with it.
    private static bool IsControl(Rune rune) =>
        rune.Value is 0 or 0xFFFD
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate;

    // All ASCII that is no letter, digit or blank counts, "$" and "^" too.
    private static bool IsPunctuation(Rune rune) =>
        rune.IsAscii ? rune.Value is > 32 and < 127 && !Rune.IsLetterOrDigit(rune) : Rune.IsPunctuation(rune);

    private static bool IsChinese(int value) =>
        value is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0xF900 and <= 0xFAFF)
            or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2CEAF) or (>= 0x2F800 and <= 0x2FA1F);
}
