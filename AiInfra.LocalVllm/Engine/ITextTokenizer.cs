namespace AiInfra.LocalVllm.Engine;

/// <summary>A model's tokenizer with its chat template. Implementations are immutable and safe for concurrent use.</summary>
internal interface ITextTokenizer
{
    /// <summary>Ids run from 0 to this, exclusive.</summary>
    int VocabularySize { get; }

    /// <summary>The token that ends an answer.</summary>
    int EndOfTurn { get; }

    /// <summary>The chat template in Jinja, as <c>/tokenizer_info</c> shows it.</summary>
    string ChatTemplate { get; }

    /// <summary>Encodes plain text, as <c>/v1/completions</c> and <c>/tokenize</c> do. Special tokens written in the text stay text.</summary>
    int[] Encode(string text);

    /// <summary>
    /// Applies the chat template. With <paramref name="addGenerationPrompt"/> the result ends where the assistant's answer starts;
    /// with <paramref name="continueFinalMessage"/> the last turn is left open, so that the answer continues it. Never both.
    /// </summary>
    int[] EncodeChat(IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt, bool continueFinalMessage);

    /// <summary>
    /// The UTF-8 bytes that a token stands for (maybe only a part of a character); empty for special tokens and for ids beyond the
    /// vocabulary. The surface joins them to text and holds back incomplete characters.
    /// </summary>
    ReadOnlySpan<byte> Bytes(int token);

    /// <summary>True for control tokens such as <see cref="EndOfTurn"/>.</summary>
    bool IsSpecial(int token);

    /// <summary>The token as the vocabulary spells it (<c>Ġthe</c>, <c>&lt;|im_end|&gt;</c>), or the empty string beyond the vocabulary.</summary>
    string Spelling(int token);
}
