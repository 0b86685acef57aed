using System.ComponentModel;
using Microsoft.Extensions.AI;

namespace AiInfra.MemoryService.Embeddings;

/// <summary>A sentence vector with the token vectors of the same model run.</summary>
/// <param name="Vector">float[384], length 1: cosine is the dot product.</param>
[ImmutableObject(true)] // a cache may hand out the same one to everybody
internal sealed record ContextualEmbedding(ReadOnlyMemory<float> Vector, TokenVectors Tokens)
{
    private const string TokensKey = "token_vectors";

    /// <summary>In the form of <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/>, which has no place of its own for token vectors.</summary>
    public Embedding<float> ToEmbedding() =>
        new(Vector) { AdditionalProperties = new AdditionalPropertiesDictionary { [TokensKey] = Tokens } };

    /// <summary>A generator that gives no token vectors is searched without late interaction.</summary>
    public static ContextualEmbedding Of(Embedding<float> embedding) =>
        new(embedding.Vector, embedding.AdditionalProperties?[TokensKey] as TokenVectors ?? TokenVectors.None);
}
