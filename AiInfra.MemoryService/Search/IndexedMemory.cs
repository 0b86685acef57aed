using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Memories;

namespace AiInfra.MemoryService.Search;

/// <summary>What a search needs to know of a memory.</summary>
/// <param name="Sequence">Order of storing within the tenant's file, and the key of the record there.</param>
/// <param name="Sentence">float[384], length 1.</param>
internal sealed record IndexedMemory(
    long Sequence, string Text, MemoryAttributes Attributes, DateTimeOffset CreatedAt, ReadOnlyMemory<float> Sentence, TokenVectors Tokens);

/// <summary>A committed change of a scope. An update is a removal and an addition under the same number.</summary>
internal sealed record IndexChange(long Sequence, IndexedMemory? Now);
