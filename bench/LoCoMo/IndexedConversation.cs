using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;

namespace AiInfra.Bench.LoCoMo;

/// <summary>A conversation as the index of one user, and its questions embedded, all in process: for measurements made of thousands of searches.</summary>
internal sealed record IndexedConversation(LoCoMoConversation Conversation, ScopeIndex Index, IReadOnlyList<ContextualEmbedding> Questions, WordPieces Pieces)
{
    public static async Task<IndexedConversation> OfAsync(LoCoMoConversation conversation, MiniLmEmbeddingGenerator generator, WordPieces pieces, CancellationToken cancellationToken)
    {
        var index = new ScopeIndex();
        var embeddings = await generator.GenerateAsync(conversation.Turns.Select(turn => $"{turn.Speaker}: {turn.Text}"), null, cancellationToken);
        for (var i = 0; i < conversation.Turns.Count; i++)
        {
            var (turn, embedding) = (conversation.Turns[i], ContextualEmbedding.Of(embeddings[i]));
            var attributes = new MemoryAttributes { SessionId = turn.Session, Speaker = turn.Speaker, Timestamp = turn.Time };
            index.Apply(new IndexChange(i, new IndexedMemory(i, turn.Text, attributes, turn.Time, embedding.Vector, embedding.Tokens)));
        }

        var questions = await generator.GenerateAsync(conversation.Questions.Select(question => question.Text), null, cancellationToken);
        return new IndexedConversation(conversation, index, [.. questions.Select(ContextualEmbedding.Of)], pieces);
    }

    /// <summary>The first hits for a question, of this conversation or of another.</summary>
    public IReadOnlyList<SearchHit> Search(string text, ContextualEmbedding embedding, SearchWeights weights, int limit) => ScopeSearcher.Search(
        Index, MemoryService.Search.Question.Of(text, embedding, Index, Pieces, _ => []), weights, Admission.Everything, limit, DateTimeOffset.UnixEpoch);
}
