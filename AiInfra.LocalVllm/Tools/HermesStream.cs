using System.Text;
using System.Text.RegularExpressions;

namespace AiInfra.LocalVllm.Tools;

/// <summary>Reads tool calls out of an answer while it grows: first the name, then the arguments piece by piece.</summary>
internal sealed partial class HermesStream
{
    private readonly StringBuilder _text = new();
    private int _at;
    private bool _inCall;
    private bool _named;
    private bool _inArguments;
    private int _depth;
    private bool _inString;
    private bool _escaped;

    /// <summary>Calls begun so far.</summary>
    public int Calls { get; private set; }

    /// <summary>A call's arguments were read to their end.</summary>
    public bool AnyComplete { get; private set; }

    /// <summary>Adds text and gives what it brings: content, a call's name, or a piece of its arguments.</summary>
    public IReadOnlyList<ToolDelta> Add(string text, bool finished)
    {
        _text.Append(text);
        var deltas = new List<ToolDelta>();
        while (Next(finished) is { } delta)
        {
            deltas.Add(delta);
        }

        return deltas;
    }

    private ToolDelta? Next(bool finished)
    {
        if (!_inCall)
        {
            return Content(finished);
        }

        var rest = _text.ToString(_at, _text.Length - _at);
        if (!_named)
        {
            if (Name().Match(rest) is not { Success: true } match)
            {
                return null;
            }

            _named = true;
            return new ToolDelta(null, Calls++, Regex.Unescape(match.Groups[1].Value), null);
        }

        if (!_inArguments)
        {
            if (Arguments().Match(rest) is not { Success: true } match)
            {
                return null;
            }

            _at += match.Index + match.Length - 1;
            (_inArguments, _depth, _inString, _escaped) = (true, 0, false, false);
            rest = _text.ToString(_at, _text.Length - _at);
        }

        return ArgumentsPiece(rest);
    }

    private ToolDelta? Content(bool finished)
    {
        var rest = _text.ToString(_at, _text.Length - _at);
        var open = rest.IndexOf(HermesParser.Open, StringComparison.Ordinal);
        var length = open >= 0 ? open : finished ? rest.Length : rest.Length - Overlap(rest);
        if (Calls > 0)
        {
            // What stands between and behind calls is not shown.
            _at += open >= 0 ? 0 : length;
            length = 0;
        }

        if (length > 0)
        {
            _at += length;
            return new ToolDelta(rest[..length], 0, null, null);
        }

        if (open < 0)
        {
            return null;
        }

        _at += open + HermesParser.Open.Length;
        (_inCall, _named, _inArguments) = (true, false, false);
        return Next(finished);
    }

    private ToolDelta? ArgumentsPiece(string rest)
    {
        var end = 0;
        for (; end < rest.Length; end++)
        {
            var character = rest[end];
            if (_escaped)
            {
                _escaped = false;
            }
            else if (_inString)
            {
                _escaped = character == '\\';
                _inString = character != '"';
            }
            else if (character == '"')
            {
                _inString = true;
            }
            else if (character is '{' or '[')
            {
                _depth++;
            }
            else if (character is '}' or ']' && --_depth == 0)
            {
                end++;
                _at += end;
                AnyComplete = true;
                _inCall = false;
                return new ToolDelta(null, Calls - 1, null, rest[..end]);
            }
        }

        _at += end;
        return end == 0 ? null : new ToolDelta(null, Calls - 1, null, rest[..end]);
    }

    // How much of the end might be the beginning of "<tool_call>".
    private static int Overlap(string text)
    {
        for (var length = Math.Min(text.Length, HermesParser.Open.Length - 1); length > 0; length--)
        {
            if (text.AsSpan(text.Length - length).SequenceEqual(HermesParser.Open.AsSpan(0, length)))
            {
                return length;
            }
        }

        return 0;
    }

    [GeneratedRegex("\"name\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Name();

    [GeneratedRegex("\"arguments\"\\s*:\\s*\\{")]
    private static partial Regex Arguments();
}

/// <summary>A piece of an answer: content, or the beginning of call <paramref name="Index"/>, or more of its arguments.</summary>
internal sealed record ToolDelta(string? Content, int Index, string? Name, string? Arguments);
