using System.Buffers;
using AiInfra.LocalVllm.Scheduling;
using MessagePack;

namespace AiInfra.LocalVllm.Kv;

/// <summary>The block events of one step, written as vLLM writes them: <c>[time, [events], rank]</c>, every event a map with <c>type</c>.</summary>
/// <remarks>
/// A sample, with what vLLM 0.32.0 wrote for a prompt with a cache salt: <c>{"type": "BlockStored", "block_hashes": [2543561819505624679], "parent_block_hash": null,
/// "token_ids": […], "block_size": 32, "lora_id": null, "medium": "GPU", "lora_name": null, "extra_keys": [["tenant-a"]], "group_idx": 0, "kv_cache_spec_kind": "full_attention"}</c>.
/// </remarks>
internal sealed class KvEventBatch
{
    private readonly List<KvEvent> _events = [];

    // vLLM numbers adapters as they are loaded; here as they are first used.
    private readonly Dictionary<string, int> _adapters = [];

    public int Count => _events.Count;

    public void Stored(Sequence sequence, int index, int blockSize)
    {
        var tokens = new int[blockSize];
        for (var i = 0; i < blockSize; i++)
        {
            tokens[i] = sequence.Token(index * blockSize + i);
        }

        var extraKeys = ExtraKeys(sequence, index);
        ulong? parent = index == 0 ? null : sequence.BlockHashes[index - 1];
        // Blocks that one step stores in a row for one prompt are one event.
        if (_events.Count > 0 && _events[^1] is { Type: "BlockStored" } last && parent is not null && last.Hashes[^1] == parent)
        {
            last.Hashes.Add(sequence.BlockHashes[index]);
            last.Tokens.AddRange(tokens);
            last.ExtraKeys.Add(extraKeys);
            return;
        }

        _events.Add(new KvEvent("BlockStored", [sequence.BlockHashes[index]], [.. tokens], [extraKeys], parent, sequence.Adapter));
    }

    public void Removed(ulong hash) => _events.Add(new KvEvent("BlockRemoved", [hash], [], [], null, null));

    public void Cleared() => _events.Add(new KvEvent("AllBlocksCleared", [], [], [], null, null));

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

    private void Write(ref MessagePackWriter writer, KvEvent item, int blockSize)
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

    private void WriteStored(ref MessagePackWriter writer, KvEvent item, int blockSize)
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
        WriteAdapterId(ref writer, item.Adapter);
        writer.Write("medium");
        writer.Write("GPU");
        writer.Write("lora_name");
        writer.Write(item.Adapter);
        writer.Write("extra_keys");
        writer.WriteArrayHeader(item.ExtraKeys.Count);
        foreach (var keys in item.ExtraKeys)
        {
            WriteExtraKeys(ref writer, keys);
        }

        writer.Write("group_idx");
        writer.Write(0);
        writer.Write("kv_cache_spec_kind");
        writer.Write("full_attention");
    }

    // What a block's hash stands for beside its tokens: the adapter in every block, the salt in the first.
    private static string[] ExtraKeys(Sequence sequence, int index) => (sequence.Adapter, index == 0 ? sequence.CacheSalt : null) switch
    {
        ({ } adapter, { } salt) => [adapter, salt],
        ({ } adapter, null) => [adapter],
        (null, { } salt) => [salt],
        _ => [],
    };

    private static void WriteExtraKeys(ref MessagePackWriter writer, string[] keys)
    {
        if (keys.Length == 0)
        {
            writer.WriteNil();
            return;
        }

        writer.WriteArrayHeader(keys.Length);
        foreach (var key in keys)
        {
            writer.Write(key);
        }
    }

    private void WriteAdapterId(ref MessagePackWriter writer, string? adapter)
    {
        if (adapter is null)
        {
            writer.WriteNil();
            return;
        }

        if (!_adapters.TryGetValue(adapter, out var id))
        {
            _adapters[adapter] = id = _adapters.Count + 1;
        }

        writer.Write(id);
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

    private sealed record KvEvent(string Type, List<ulong> Hashes, List<int> Tokens, List<string[]> ExtraKeys, ulong? Parent, string? Adapter);
}
