using System.Text;

namespace AiInfra.LocalVllm.Http;

/// <summary>What Python's <c>json</c> module does that <c>System.Text.Json</c> does not. Only bodies that the latter refuses come here.</summary>
internal static class PythonJson
{
    private static readonly string[] NotFinite = ["-Infinity", "Infinity", "NaN"];

    /// <summary>Quotes literals that are no JSON but that Python reads; null when there are none.</summary>
    public static string? QuoteNotFinite(string text)
    {
        var result = new StringBuilder(text.Length + 32);
        var found = false;
        for (var i = 0; i < text.Length;)
        {
            if (text[i] == '"')
            {
                var end = EndOfString(text, i);
                result.Append(text, i, end - i);
                i = end;
            }
            else if (NotFinite.FirstOrDefault(literal => text.AsSpan(i).StartsWith(literal)) is { } literal)
            {
                var word = literal switch { "NaN" => "nan", "Infinity" => "inf", _ => "-inf" };
                result.Append("\"\\u0001not-finite:").Append(word).Append('"');
                i += literal.Length;
                found = true;
            }
            else
            {
                result.Append(text[i++]);
            }
        }

        return found ? result.ToString() : null;
    }

    /// <summary>Where Python's scanner stops, in characters, and what it says there.</summary>
    public static (int Position, string Message) FindError(string text)
    {
        var scanner = new Scanner(text);
        return scanner.Document() is { } error ? error : (text.Length, "Expecting value");
    }

    private static int EndOfString(string text, int start)
    {
        for (var i = start + 1; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == '"')
            {
                return i + 1;
            }
        }

        return text.Length;
    }

    private sealed class Scanner(string text)
    {
        private int _at;

        public (int, string)? Document()
        {
            Space();
            if (Value(0) is { } error)
            {
                return error;
            }

            Space();
            return _at < text.Length ? (_at, "Extra data") : null;
        }

        private (int, string)? Value(int depth)
        {
            if (_at >= text.Length || depth > 900)
            {
                return (_at, "Expecting value");
            }

            switch (text[_at])
            {
                case '"':
                    return String();
                case '{':
                    return Object(depth);
                case '[':
                    return Array(depth);
                default:
                    var start = _at;
                    while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] is '-' or '+' or '.'))
                    {
                        _at++;
                    }

                    var word = text[start.._at];
                    var known = word is "true" or "false" or "null" or "NaN" or "Infinity" or "-Infinity"
                        || (word.Length > 0 && double.TryParse(word, System.Globalization.CultureInfo.InvariantCulture, out _) && word[0] is '-' or >= '0' and <= '9');
                    return known ? null : (start, "Expecting value");
            }
        }

        private (int, string)? String()
        {
            var start = _at;
            for (_at++; _at < text.Length; _at++)
            {
                if (text[_at] == '\\')
                {
                    _at++;
                }
                else if (text[_at] == '"')
                {
                    _at++;
                    return null;
                }
                else if (text[_at] < ' ')
                {
                    return (_at, "Invalid control character at");
                }
            }

            return (start, "Unterminated string starting at");
        }

        private (int, string)? Object(int depth)
        {
            _at++;
            Space();
            if (Take('}'))
            {
                return null;
            }

            while (true)
            {
                if (_at >= text.Length || text[_at] != '"')
                {
                    return (_at, "Expecting property name enclosed in double quotes");
                }

                if (String() is { } key)
                {
                    return key;
                }

                Space();
                if (!Take(':'))
                {
                    return (_at, "Expecting ':' delimiter");
                }

                Space();
                if (Value(depth + 1) is { } value)
                {
                    return value;
                }

                Space();
                if (Take('}'))
                {
                    return null;
                }

                if (!Take(','))
                {
                    return (_at, "Expecting ',' delimiter");
                }

                Space();
            }
        }

        private (int, string)? Array(int depth)
        {
            _at++;
            Space();
            if (Take(']'))
            {
                return null;
            }

            while (true)
            {
                if (Value(depth + 1) is { } value)
                {
                    return value;
                }

                Space();
                if (Take(']'))
                {
                    return null;
                }

                if (!Take(','))
                {
                    return (_at, "Expecting ',' delimiter");
                }

                Space();
            }
        }

        private bool Take(char character)
        {
            if (_at < text.Length && text[_at] == character)
            {
                _at++;
                return true;
            }

            return false;
        }

        private void Space()
        {
            while (_at < text.Length && text[_at] is ' ' or '\t' or '\n' or '\r')
            {
                _at++;
            }
        }
    }
}
