using System.Text;

namespace AiInfra.LocalVllm.Simulation;

/// <summary>
/// Writes a shortest text that a plain regular expression matches: literals, classes, groups, alternatives and repetitions. What it does not
/// know (look-around, back references) it writes as literals.
/// </summary>
internal static class RegexText
{
    public static string Write(string pattern)
    {
        var position = 0;
        return Alternatives(pattern, ref position);
    }

    private static string Alternatives(string pattern, ref int position)
    {
        var first = Run(pattern, ref position);
        while (position < pattern.Length && pattern[position] == '|')
        {
            position++;
            Run(pattern, ref position);
        }

        return first;
    }

    private static string Run(string pattern, ref int position)
    {
        var text = new StringBuilder();
        while (position < pattern.Length && pattern[position] is not ('|' or ')'))
        {
            var piece = Piece(pattern, ref position);
            var count = Repetitions(pattern, ref position);
            for (var i = 0; i < count; i++)
            {
                text.Append(piece);
            }
        }

        return text.ToString();
    }

    private static string Piece(string pattern, ref int position)
    {
        var character = pattern[position++];
        switch (character)
        {
            case '(':
                if (pattern.AsSpan(position).StartsWith("?:"))
                {
                    position += 2;
                }

                var inner = Alternatives(pattern, ref position);
                position = Math.Min(position + 1, pattern.Length);
                return inner;
            case '[':
                return Class(pattern, ref position);
            case '\\' when position < pattern.Length:
                return Escape(pattern[position++]);
            case '.':
                return "a";
            case '^' or '$':
                return "";
            default:
                return character.ToString();
        }
    }

    private static string Class(string pattern, ref int position)
    {
        var end = pattern.IndexOf(']', Math.Min(position + 1, pattern.Length));
        end = end < 0 ? pattern.Length : end;
        var content = pattern[position..end];
        position = Math.Min(end + 1, pattern.Length);
        if (content is ['^', ..])
        {
            return "abcdefghijklmnopqrstuvwxyz0123456789 ".First(candidate => !content.Contains(candidate)).ToString();
        }

        return content is ['\\', var escaped, ..] ? Escape(escaped) : content is [var first, ..] ? first.ToString() : "";
    }

    private static string Escape(char character) => character switch
    {
        'd' => "1",
        'w' => "a",
        's' => " ",
        'n' => "\n",
        't' => "\t",
        'b' or 'B' => "",
        _ => character.ToString(),
    };

    private static int Repetitions(string pattern, ref int position)
    {
        if (position >= pattern.Length)
        {
            return 1;
        }

        switch (pattern[position])
        {
            case '*' or '?':
                position++;
                return 0;
            case '+':
                position++;
                return 1;
            case '{' when pattern.IndexOf('}', position) is var end and > 0:
                var least = pattern[(position + 1)..end].Split(',')[0];
                position = end + 1;
                return int.TryParse(least, out var count) ? Math.Min(count, 1000) : 0;
            default:
                return 1;
        }
    }
}
