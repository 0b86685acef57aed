using System.Buffers;
using AiInfra.LocalVllm.Scheduling;
using MessagePack;

namespace AiInfra.LocalVllm.Kv;

/// <summary>The block events of one step, written as vLLM writes them: <c>[time, [events], rank]</c>, every event a map with <c>type</c>.</summary>
internal sealed class KvEventBatch
{
    private readonly List<KvEvent> _events = [];

    public int Count => _events.Count;

    public void Stored(Sequence sequence, int index, int blockSize)
    {
        var tokens = new int[blockSize];
        for (var i = 0; i < blockSize; i++)
        {
            tokens[i] = sequence.Token(index * blockSize + i);
        }

        ulong? parent = index == 0 ? null : sequence.BlockHashes[index - 1];
        // Blocks that one step stores in a row for one prompt are one event.
        if (_events.Count > 0 && _events[^1] is { Type: "BlockStored" } last && parent is not null && last.Hashes[^1] == parent)
        {
            last.Hashes.Add(sequence.BlockHashes[index]);
            last.Tokens.AddRange(tokens);
            return;
        }

        _events.Add(new KvEvent("BlockStored", [sequence.BlockHashes[index]], [.. tokens], parent, sequence.Adapter));
    }

    public void Removed(ulong hash) => _events.Add(new KvEvent("BlockRemoved", [hash], [], null, null));

    public void Cleared() => _events.Add(new KvEvent("AllBlocksCleared", [], [], null, null));

    /// <summary>Writes the events and forgets them.</summary>
    public byte[] Take(double time, int blockSize)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(3);
        writer.Write(time);
        writer.WriteArrayHeader(_events.Count);
        foreach (var item in _events)
        {
            Write(ref writer, item, blockSize);
        }

        writer.Write(0);
        writer.Flush();
        _events.Clear();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(ref MessagePackWriter writer, KvEvent item, int blockSize)
    {
        switch (item.Type)
        {
            case "BlockStored":
                WriteStored(ref writer, item, blockSize);
                break;
            case "BlockRemoved":
                writer.WriteMapHeader(4);
                Type(ref writer, item.Type);
                Hashes(ref writer, item);
                writer.Write("medium");
                writer.Write("GPU");
                writer.Write("group_idx");
                writer.Write(0);
                break;
            default:
                writer.WriteMapHeader(1);
                Type(ref writer, item.Type);
                break;
        }
    }

    private static void WriteStored(ref MessagePackWriter writer, KvEvent item, int blockSize)
    {
        writer.WriteMapHeader(11);
        Type(ref writer, item.Type);
        Hashes(ref writer, item);
        writer.Write("parent_block_hash");
        if (item.Parent is { } parent)
        {
            writer.WriteUInt64(parent);
        }
        else
        {
            writer.WriteNil();
        }

        writer.Write("token_ids");
        writer.WriteArrayHeader(item.Tokens.Count);
        foreach (var token in item.Tokens)
        {
            writer.Write(token);
        }

        writer.Write("block_size");
        writer.Write(blockSize);
        writer.Write("lora_id");
        writer.WriteNil();
        writer.Write("medium");
        writer.Write("GPU");
        writer.Write("lora_name");
        writer.Write(item.Adapter);
        writer.Write("extra_keys");
        writer.WriteArrayHeader(item.Hashes.Count);
        for (var i = 0; i < item.Hashes.Count; i++)
        {
            writer.WriteNil();
        }

        writer.Write("group_idx");
        writer.Write(0);
        writer.Write("kv_cache_spec_kind");
        writer.Write("full_attention");
    }

    private static void Type(ref MessagePackWriter writer, string type)
    {
        writer.Write("type");
        writer.Write(type);
    }

    private static void Hashes(ref MessagePackWriter writer, KvEvent item)
    {
        writer.Write("block_hashes");
        writer.WriteArrayHeader(item.Hashes.Count);
        foreach (var hash in item.Hashes)
        {
            writer.WriteUInt64(hash);
        }
    }

    private sealed record KvEvent(string Type, List<ulong> Hashes, List<int> Tokens, ulong? Parent, string? Adapter);
}
