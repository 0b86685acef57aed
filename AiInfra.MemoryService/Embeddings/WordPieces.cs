using AiInfra.MemoryService.Lexicon;
using Microsoft.ML.Tokenizers;

namespace AiInfra.MemoryService.Embeddings;

/// <summary>The model's tokenizer, and which of its pieces carry meaning.</summary>
internal sealed class WordPieces
{
    /// <summary>Pieces of one run, special ones included: longer texts are cut.</summary>
    public const int MaxPieces = 256;

    private readonly BertTokenizer _tokenizer;
    private readonly bool[] _meaningful;

    public WordPieces(string vocabularyFile)
    {
        // The library's own basic tokenization drops symbols and keeps accents where there is no ICU: ours comes before it.
        _tokenizer = BertTokenizer.Create(vocabularyFile, new BertOptions { ApplyBasicTokenization = false, LowerCaseBeforeTokenization = false });
        _meaningful = [.. File.ReadLines(vocabularyFile).Select(IsMeaningful)];
    }

    /// <summary>The numbers of the text's pieces between <c>[CLS]</c> and <c>[SEP]</c>, at most <see cref="MaxPieces"/> in all.</summary>
    public long[] Encode(string text)
    {
        var pieces = _tokenizer.EncodeToIds(BasicTokens.Of(text), MaxPieces, addSpecialTokens: true, out _, out _);
        var ids = new long[pieces.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = pieces[i];
        }

        return ids;
    }

    /// <summary>How many pieces a text has, whole.</summary>
    public int Count(string text) => _tokenizer.CountTokens(BasicTokens.Of(text));

    /// <summary>The numbers of a word's pieces alone.</summary>
    public IReadOnlyList<int> EncodeWord(string word) => _tokenizer.EncodeToIds(BasicTokens.Of(word), addSpecialTokens: false);

    /// <summary>False for stop words, punctuation and special tokens.</summary>
    public bool IsMeaningful(long piece) => piece >= 0 && piece < _meaningful.Length && _meaningful[piece];

    private static bool IsMeaningful(string piece) =>
        !(piece.StartsWith('[') && piece.EndsWith(']') && piece.Length > 2)
        && piece.Any(char.IsLetterOrDigit)
        && !StopWords.Contains(piece);
}
