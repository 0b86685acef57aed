using System.Text;

namespace AiInfra.MemoryService.Lexicon;

/// <summary>Porter's stemmer (Program 14, 1980) in the form of SQLite's FTS5: the same stems for the same words.</summary>
/// <remarks>It works on UTF-8 bytes as FTS5 does, and leaves words under 3 and over 64 bytes as they are.</remarks>
internal static class PorterStemmer
{
    private const int MaxLength = 64;

    // Longer suffixes stand before those that they end in: the first match decides, whether its condition holds or not.
    private static readonly (byte[] Suffix, byte[] Replacement)[] Step2 = Rules(
        "ational>ate tional>tion enci>ence anci>ance izer>ize logi>log bli>ble alli>al entli>ent eli>e ousli>ous ization>ize "
        + "ation>ate ator>ate alism>al iveness>ive fulness>ful ousness>ous aliti>al iviti>ive biliti>ble");

    private static readonly (byte[] Suffix, byte[] Replacement)[] Step3 = Rules("icate>ic ative> alize>al iciti>ic ical>ic ful> ness>");

    private static readonly (byte[] Suffix, byte[] Replacement)[] Step4 = Rules(
        "al> ance> ence> er> ic> able> ible> ant> ement> ment> ent> ion> ou> ism> ate> iti> ous> ive> ize>");

    public static string Stem(string word)
    {
        var length = Encoding.UTF8.GetByteCount(word);
        if (length is < 3 or > MaxLength)
        {
            return word;
        }

        // One byte more than the longest word: a stem may gain an "e".
        Span<byte> buffer = stackalloc byte[MaxLength + 1];
        Encoding.UTF8.GetBytes(word, buffer);
        return Encoding.UTF8.GetString(buffer[..Stem(buffer, length)]);
    }

    private static int Stem(Span<byte> word, int length)
    {
        length = Plural(word, length);
        length = PastAndProgressive(word, length);
        if (word[length - 1] == 'y' && HasVowel(word[..(length - 1)]))
        {
            word[length - 1] = (byte)'i';
        }

        length = Replace(word, length, Step2, minimumMeasure: 1);
        length = Replace(word, length, Step3, minimumMeasure: 1);
        length = Replace(word, length, Step4, minimumMeasure: 2);
        if (word[length - 1] == 'e')
        {
            var measure = Measure(word[..(length - 1)]);
            if (measure > 1 || (measure == 1 && !EndsConsonantVowelConsonant(word[..(length - 1)])))
            {
                length--;
            }
        }

        return length > 1 && word[length - 1] == 'l' && word[length - 2] == 'l' && Measure(word[..(length - 1)]) > 1 ? length - 1 : length;
    }

    private static int Plural(Span<byte> word, int length)
    {
        if (word[length - 1] != 's' || word[length - 2] == 's')
        {
            return length;
        }

        var two = word[length - 2] == 'e'
            && ((length > 4 && word[length - 4] == 's' && word[length - 3] == 's') || (length > 3 && word[length - 3] == 'i'));
        return two ? length - 2 : length - 1;
    }

    private static int PastAndProgressive(Span<byte> word, int length)
    {
        if (Ends(word, length, "eed"u8))
        {
            return Measure(word[..(length - 3)]) > 0 ? length - 1 : length;
        }

        var cut = Ends(word, length, "ed"u8) ? 2 : Ends(word, length, "ing"u8) ? 3 : 0;
        if (cut == 0 || !HasVowel(word[..(length - cut)]))
        {
            return length;
        }

        length -= cut;
        if (Ends(word, length, "at"u8) || Ends(word, length, "bl"u8) || Ends(word, length, "iz"u8))
        {
            word[length] = (byte)'e';
            return length + 1;
        }

        var last = word[length - 1];
        if (length > 1 && !IsVowel(last, yIsVowel: false) && last is not ((byte)'l' or (byte)'s' or (byte)'z') && last == word[length - 2])
        {
            return length - 1;
        }

        if (Measure(word[..length]) == 1 && EndsConsonantVowelConsonant(word[..length]))
        {
            word[length] = (byte)'e';
            return length + 1;
        }

        return length;
    }

    private static int Replace(Span<byte> word, int length, (byte[] Suffix, byte[] Replacement)[] rules, int minimumMeasure)
    {
        foreach (var (suffix, replacement) in rules)
        {
            if (!Ends(word, length, suffix))
            {
                continue;
            }

            var stem = length - suffix.Length;
            // "ion" goes only after s or t.
            if (Measure(word[..stem]) < minimumMeasure || (suffix is [(byte)'i', (byte)'o', (byte)'n'] && word[stem - 1] is not ((byte)'s' or (byte)'t')))
            {
                return length;
            }

            replacement.CopyTo(word[stem..]);
            return stem + replacement.Length;
        }

        return length;
    }

    private static bool Ends(ReadOnlySpan<byte> word, int length, ReadOnlySpan<byte> suffix) =>
        length > suffix.Length && word[..length].EndsWith(suffix);

    /// <summary>The number of vowel-consonant sequences, counted up to 2.</summary>
    private static int Measure(ReadOnlySpan<byte> stem)
    {
        var measure = 0;
        var afterConsonant = false;
        var inVowels = false;
        foreach (var letter in stem)
        {
            afterConsonant = !IsVowel(letter, afterConsonant);
            if (inVowels && afterConsonant && ++measure == 2)
            {
                return measure;
            }

            inVowels = !afterConsonant;
        }

        return measure;
    }

    private static bool HasVowel(ReadOnlySpan<byte> stem)
    {
        for (var i = 0; i < stem.Length; i++)
        {
            if (IsVowel(stem[i], i > 0))
            {
                return true;
            }
        }

        return false;
    }

    // The last letter must not be w, x or y: "hop" gains an "e" back, "box" does not.
    private static bool EndsConsonantVowelConsonant(ReadOnlySpan<byte> stem)
    {
        if (stem.Length == 0 || stem[^1] is (byte)'w' or (byte)'x' or (byte)'y')
        {
            return false;
        }

        var consonant = false;
        var pattern = 0;
        foreach (var letter in stem)
        {
            consonant = !IsVowel(letter, consonant);
            pattern = (pattern << 1) + (consonant ? 1 : 0);
        }

        return (pattern & 7) == 5;
    }

    private static bool IsVowel(byte letter, bool yIsVowel) =>
        letter is (byte)'a' or (byte)'e' or (byte)'i' or (byte)'o' or (byte)'u' || (yIsVowel && letter == 'y');

    private static (byte[] Suffix, byte[] Replacement)[] Rules(string rules) =>
        [.. rules.Split(' ').Select(rule => rule.Split('>')).Select(pair => (Encoding.ASCII.GetBytes(pair[0]), Encoding.ASCII.GetBytes(pair[1])))];
}
