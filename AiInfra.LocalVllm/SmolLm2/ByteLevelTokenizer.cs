using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using AiInfra.LocalVllm.Engine;
using Microsoft.ML.Tokenizers;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>A model folder's tokenizer: byte-level BPE in which a caller's text never becomes a special token.</summary>
internal sealed class ByteLevelTokenizer : ITextTokenizer
{
    private readonly BpeTokenizer _pieces;
    private readonly ChatMarkup _markup;
    private readonly IReadOnlyDictionary<string, int> _specials;
    private readonly byte[][] _bytes;
    private readonly string[] _spellings;

    /// <exception cref="ModelFolderException">A file cannot be read as what it should be.</exception>
    public ByteLevelTokenizer(ModelFolder folder)
    {
        var vocabulary = ReadVocabulary(folder.Vocabulary);
        _specials = folder.Facts.SpecialTokens;
        try
        {
            _pieces = BpeTokenizer.Create(new BpeOptions(vocabulary)
            {
                ByteLevel = true,
                // The first line of merges.txt is a comment (#version).
                Merges = File.ReadLines(folder.Merges).Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)),
                PreTokenizer = new RegexPreTokenizer(new Regex(folder.Facts.PreTokenizer, RegexOptions.CultureInvariant), specialTokens: null),
            });
        }
        catch (Exception problem) when (problem is ArgumentException or InvalidOperationException)
        {
            throw new ModelFolderException($"The tokenizer of {folder.Path} cannot be built: {problem.Message}");
        }

        VocabularySize = Math.Max(folder.Facts.VocabularySize, vocabulary.Values.Max() + 1);
        _bytes = new byte[VocabularySize][];
        _spellings = new string[VocabularySize];
        Array.Fill(_bytes, []);
        Array.Fill(_spellings, "");
        foreach (var (spelling, id) in vocabulary)
        {
            _spellings[id] = spelling;
            _bytes[id] = IsSpecialSpelling(spelling) ? [] : ByteLevelAlphabet.Decode(spelling);
        }

        EndOfTurn = folder.Facts.StopTokenIds[0];
        _markup = new ChatMarkup(this, folder.Facts);
    }

    public int VocabularySize { get; }

    public int EndOfTurn { get; }

    public string ChatTemplate => ChatMarkup.Jinja;

    public int[] Encode(string text) => text.Length == 0 ? [] : [.. _pieces.EncodeToIds(text)];

    public int[] EncodeChat(IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt, bool continueFinalMessage) =>
        _markup.Encode(turns, addGenerationPrompt, continueFinalMessage);

    public ReadOnlySpan<byte> Bytes(int token) => (uint)token < (uint)_bytes.Length ? _bytes[token] : [];

    public bool IsSpecial(int token) => IsSpecialSpelling(Spelling(token));

    public string Spelling(int token) => (uint)token < (uint)_spellings.Length ? _spellings[token] : "";

    private bool IsSpecialSpelling(string spelling) => _specials.ContainsKey(spelling);

    private static Dictionary<string, int> ReadVocabulary(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, VocabularyJson.Default.DictionaryStringInt32) is { Count: > 0 } vocabulary
                ? vocabulary
                : throw new ModelFolderException($"{path} is empty.");
        }
        catch (JsonException problem)
        {
            throw new ModelFolderException($"{path}: {problem.Message}");
        }
    }
}

[JsonSerializable(typeof(Dictionary<string, int>))]
internal sealed partial class VocabularyJson : JsonSerializerContext;
