using System.Text;
using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.Generation;

/// <summary>
/// Turns one sequence's tokens into text as vLLM's detokenizer does: a character appears when its last byte has come, a stop string ends the
/// text, and while one might be beginning the last characters are held back.
/// </summary>
internal sealed class TextAssembler
{
    private readonly ITextTokenizer _tokenizer;
    private readonly StopStrings _stops;
    private readonly bool _skipSpecial;
    private readonly StringBuilder _text = new();
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly int _heldBack;
    private int _taken;

    public TextAssembler(ITextTokenizer tokenizer, StopStrings stops, bool skipSpecial)
    {
        _tokenizer = tokenizer;
        _stops = stops;
        _skipSpecial = skipSpecial;
        _heldBack = stops.Include || stops.Values.Count == 0 ? 0 : stops.Values.Max(stop => stop.Length) - 1;
    }

    /// <summary>Characters so far, an unfinished stop string included.</summary>
    public int Length => _text.Length;

    /// <summary>Adds a token's text.</summary>
    /// <returns>The stop string that it completed, or null.</returns>
    public string? Add(int token, bool checkStops)
    {
        var before = _text.Length;
        if (_tokenizer.IsSpecial(token))
        {
            if (!_skipSpecial)
            {
                _text.Append(_tokenizer.Spelling(token));
            }
        }
        else
        {
            Append(_tokenizer.Bytes(token));
        }

        return checkStops && _text.Length > before ? FindStop(_text.Length - before) : null;
    }

    /// <summary>The text not taken yet, without what must be held back while more tokens may come.</summary>
    public string Take(bool finished)
    {
        var end = finished ? _text.Length : _text.Length - _heldBack;
        if (end > 0 && end < _text.Length && char.IsHighSurrogate(_text[end - 1]))
        {
            // Half a character is no text: its other half waits.
            end--;
        }

        if (end <= _taken)
        {
            return "";
        }

        var piece = _text.ToString(_taken, end - _taken);
        _taken = end;
        return piece;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        // The decoder keeps the bytes of an incomplete character for the next call.
        Span<char> characters = stackalloc char[64];
        while (!bytes.IsEmpty)
        {
            _decoder.Convert(bytes, characters, flush: false, out var used, out var count, out _);
            _text.Append(characters[..count]);
            bytes = bytes[used..];
        }
    }

    private string? FindStop(int added)
    {
        foreach (var stop in _stops.Values)
        {
            var from = Math.Max(0, _text.Length - added - stop.Length + 1);
            var found = _text.ToString(from, _text.Length - from).IndexOf(stop, StringComparison.Ordinal);
            if (found >= 0)
            {
                _text.Length = from + found + (_stops.Include ? stop.Length : 0);
                return stop;
            }
        }

        return null;
    }
}
