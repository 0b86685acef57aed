using System.Text;
using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.Simulation;

/// <summary>
/// A tokenizer without a vocabulary file: bytes, and pieces of up to three letters with or without a space before them. Its ids follow
/// from arithmetic, so it is fast and reversible; an English word takes about two tokens (a trained one needs 1.3).
/// </summary>
internal sealed class SimulatedTokenizer : ITextTokenizer
{
    private const int SpecialTokens = 17;
    private const int BytesStart = SpecialTokens;
    private const int PairsStart = BytesStart + 256;
    private const int TriplesStart = PairsStart + 26 * 26;
    private const int SpacedStart = TriplesStart + 26 * 26 * 26;
    private const int SpacedPairsStart = SpacedStart + 26;
    private const int SpacedTriplesStart = SpacedPairsStart + 26 * 26;
    private const int CapitalPairsStart = SpacedTriplesStart + 26 * 26 * 26;
    private const int SpacedCapitalsStart = CapitalPairsStart + 26 * 26;
    private const int SpacedCapitalPairsStart = SpacedCapitalsStart + 26;
    private const int UnusedStart = SpacedCapitalPairsStart + 26 * 26;

    private static readonly int[] TurnStart = [1];
    private readonly byte[][] _bytes = BuildTable();

    public int VocabularySize => 49152;

    public int EndOfTurn => 2;

    public string ChatTemplate =>
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    public int[] Encode(string text)
    {
        var tokens = new List<int>(text.Length / 2 + 4);
        Encode(text, tokens);
        return [.. tokens];
    }

    public int[] EncodeChat(IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt, bool continueFinalMessage)
    {
        var tokens = new List<int>(64);
        for (var i = 0; i < turns.Count; i++)
        {
            tokens.AddRange(TurnStart);
            Encode(turns[i].Role, tokens);
            Encode("\n", tokens);
            Encode(turns[i].Content, tokens);
            if (turns[i].ToolCalls is { } calls)
            {
                Encode(calls, tokens);
            }

            if (!continueFinalMessage || i < turns.Count - 1)
            {
                tokens.Add(EndOfTurn);
                Encode("\n", tokens);
            }
        }

        if (addGenerationPrompt)
        {
            tokens.AddRange(TurnStart);
            Encode("assistant\n", tokens);
        }

        return [.. tokens];
    }

    public ReadOnlySpan<byte> Bytes(int token) => (uint)token < (uint)VocabularySize ? _bytes[token] : [];

    public bool IsSpecial(int token) => (uint)token < SpecialTokens;

    public string Spelling(int token) => token switch
    {
        0 => "<|endoftext|>",
        1 => "<|im_start|>",
        2 => "<|im_end|>",
        > 2 and < SpecialTokens => $"<reserved_{token}>",
        _ => Encoding.Latin1.GetString(Bytes(token)).Replace(' ', 'Ġ').Replace('\n', 'Ċ'),
    };

    private static void Encode(string text, List<int> tokens)
    {
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < text.Length;)
        {
            var piece = Piece(text.AsSpan(i), out var length);
            if (piece >= 0)
            {
                tokens.Add(piece);
                i += length;
                continue;
            }

            Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out length);
            var count = rune.EncodeToUtf8(utf8);
            foreach (var value in utf8[..count])
            {
                tokens.Add(BytesStart + value);
            }

            i += length;
        }
    }

    // " the" | " th" | " t" | " Th" | " T" | "the" | "th" | "Th", the longest that fits; -1 for anything else.
    private static int Piece(ReadOnlySpan<char> text, out int length)
    {
        var spaced = text[0] == ' ';
        var letters = spaced ? text[1..] : text;
        var capital = letters.Length > 0 && char.IsAsciiLetterUpper(letters[0]);
        var lower = 0;
        for (var i = capital ? 1 : 0; i < letters.Length && lower < 3 && char.IsAsciiLetterLower(letters[i]); i++)
        {
            lower++;
        }

        var first = letters.Length > 0 ? (letters[0] | 0x20) - 'a' : 0;
        if (capital)
        {
            length = (spaced ? 1 : 0) + (lower > 0 ? 2 : 1);
            return (spaced, lower > 0) switch
            {
                (true, true) => SpacedCapitalPairsStart + first * 26 + letters[1] - 'a',
                (false, true) => CapitalPairsStart + first * 26 + letters[1] - 'a',
                (true, false) => SpacedCapitalsStart + first,
                _ => -1,
            };
        }

        length = (spaced ? 1 : 0) + lower;
        return (spaced, lower) switch
        {
            (true, 3) => SpacedTriplesStart + (first * 26 + letters[1] - 'a') * 26 + letters[2] - 'a',
            (false, 3) => TriplesStart + (first * 26 + letters[1] - 'a') * 26 + letters[2] - 'a',
            (true, 2) => SpacedPairsStart + first * 26 + letters[1] - 'a',
            (false, 2) => PairsStart + first * 26 + letters[1] - 'a',
            (true, 1) => SpacedStart + first,
            _ => -1,
        };
    }

    private static byte[][] BuildTable()
    {
        var table = new byte[49152][];
        Array.Fill(table, []);
        for (var value = 0; value < 256; value++)
        {
            table[BytesStart + value] = [(byte)value];
        }

        for (var a = 0; a < 26; a++)
        {
            var (first, capital) = ((byte)('a' + a), (byte)('A' + a));
            table[SpacedStart + a] = [(byte)' ', first];
            table[SpacedCapitalsStart + a] = [(byte)' ', capital];
            for (var b = 0; b < 26; b++)
            {
                var (pair, second) = (a * 26 + b, (byte)('a' + b));
                table[PairsStart + pair] = [first, second];
                table[SpacedPairsStart + pair] = [(byte)' ', first, second];
                table[CapitalPairsStart + pair] = [capital, second];
                table[SpacedCapitalPairsStart + pair] = [(byte)' ', capital, second];
                for (var c = 0; c < 26; c++)
                {
                    var third = (byte)('a' + c);
                    table[TriplesStart + pair * 26 + c] = [first, second, third];
                    table[SpacedTriplesStart + pair * 26 + c] = [(byte)' ', first, second, third];
                }
            }
        }

        // Ids that no text encodes to still read as something, for prompts that callers give as ids.
        for (var id = UnusedStart; id < table.Length; id++)
        {
            table[id] = Encoding.ASCII.GetBytes($" #{id}");
        }

        return table;
    }
}
