using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AiInfra.MemoryService.Context;

/// <summary>Makes a stored text safe to stand inside a prompt: one line, nothing hidden, no mark that a chat's format or ours gives a meaning.</summary>
internal static partial class DataText
{
    private const int ZeroWidthNonJoiner = 0x200C;
    private const int ZeroWidthJoiner = 0x200D;

    public static string OneLine(string text) => Marks().Replace(Visible(text), match => string.Join(' ', match.Value.ToCharArray()));

    // Line ends and control characters become blanks. What is not seen is not shown: direction marks, and the tag characters that can
    // spell a whole text which only a model reads. Joiners stay: scripts and pictures need them.
    private static string Visible(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                    if (line.Length > 0 && line[^1] != ' ')
                    {
                        line.Append(' ');
                    }

                    break;
                case UnicodeCategory.Format when rune.Value is not (ZeroWidthJoiner or ZeroWidthNonJoiner):
                    break;
                default:
                    line.Append(rune.ToString());
                    break;
            }
        }

        return line.ToString().Trim();
    }

    // <|im_start|> and its kin, <start_of_turn>, [INST], <<SYS>>, <s>, our own <memories>, citation marks, headings.
    [GeneratedRegex(
        @"<\s*[|｜][^>]{0,64}[|｜]\s*>|<\s*/?\s*(?:start_of_turn|end_of_turn|system|user|assistant|human|memory|memories|context|tool|tools|tool_call|function|instructions?|s)\b[^>]{0,64}>|<<\s*/?\s*SYS\s*>>|\[\s*/?\s*INST\s*\]|\[\d{1,3}\]|#{3,}",
        RegexOptions.IgnoreCase)]
    private static partial Regex Marks();
}
