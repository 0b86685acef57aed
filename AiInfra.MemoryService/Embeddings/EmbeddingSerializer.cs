using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Caching.Hybrid;

namespace AiInfra.MemoryService.Embeddings;

/// <summary>An embedded question as bytes: the length of the sentence vector, its floats, then the tokens as they are stored.</summary>
internal sealed class EmbeddingSerializer : IHybridCacheSerializer<ContextualEmbedding>
{
    public ContextualEmbedding Deserialize(ReadOnlySequence<byte> source)
    {
        var bytes = source.ToArray().AsSpan();
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes) * sizeof(float);
        var vector = MemoryMarshal.Cast<byte, float>(bytes.Slice(sizeof(int), length)).ToArray();
        return new ContextualEmbedding(vector, TokenVectors.FromBytes(bytes[(sizeof(int) + length)..]));
    }

    public void Serialize(ContextualEmbedding value, IBufferWriter<byte> target)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target.GetSpan(sizeof(int)), value.Vector.Length);
        target.Advance(sizeof(int));
        target.Write(MemoryMarshal.AsBytes(value.Vector.Span));
        target.Write(value.Tokens.ToBytes());
    }
}
