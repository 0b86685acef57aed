using System.Buffers.Text;

namespace AiInfra.Gateway.Replicas;

/// <summary>Reads vLLM's <c>/metrics</c>, names of old and new releases alike.</summary>
/// <remarks>
/// A line looks like this; series of several engines in one server are added up:
/// <code>vllm:num_requests_running{engine="0",model_name="m"} 2.0</code>
/// </remarks>
internal static class EngineMetricsText
{
    public static EngineLoad Read(ReadOnlySpan<byte> text)
    {
        double? running = null, waiting = null, usage = null, queries = null, hits = null, prompt = null, generated = null;
        int? blockSize = null, blocks = null;
        while (!text.IsEmpty)
        {
            var end = text.IndexOf((byte)'\n');
            var line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (!line.StartsWith("vllm:"u8))
            {
                continue;
            }

            var name = line[5..];
            var nameEnd = name.IndexOfAny((byte)'{', (byte)' ');
            if (nameEnd < 0)
            {
                continue;
            }

            var labels = name[nameEnd..];
            name = name[..nameEnd];
            switch (name)
            {
                case var _ when name.SequenceEqual("num_requests_running"u8):
                    Add(ref running, labels);
                    break;
                case var _ when name.SequenceEqual("num_requests_waiting"u8):
                    Add(ref waiting, labels);
                    break;
                case var _ when name.SequenceEqual("kv_cache_usage_perc"u8) || name.SequenceEqual("gpu_cache_usage_perc"u8):
                    usage = Math.Max(usage ?? 0, ValueOf(labels) ?? 0);
                    break;
                case var _ when name.SequenceEqual("prefix_cache_queries_total"u8) || name.SequenceEqual("gpu_prefix_cache_queries_total"u8):
                    Add(ref queries, labels);
                    break;
                case var _ when name.SequenceEqual("prefix_cache_hits_total"u8) || name.SequenceEqual("gpu_prefix_cache_hits_total"u8):
                    Add(ref hits, labels);
                    break;
                case var _ when name.SequenceEqual("prompt_tokens_total"u8):
                    Add(ref prompt, labels);
                    break;
                case var _ when name.SequenceEqual("generation_tokens_total"u8):
                    Add(ref generated, labels);
                    break;
                case var _ when name.SequenceEqual("cache_config_info"u8):
                    blockSize = LabelOf(labels, "block_size=\""u8) ?? blockSize;
                    blocks = LabelOf(labels, "num_gpu_blocks=\""u8) ?? blocks;
                    break;
            }
        }

        return new EngineLoad
        {
            Running = running,
            Waiting = waiting,
            CacheUsage = usage,
            PrefixQueries = queries,
            PrefixHits = hits,
            PromptTokens = prompt,
            GeneratedTokens = generated,
            BlockSize = blockSize,
            Blocks = blocks,
        };
    }

    private static void Add(ref double? sum, ReadOnlySpan<byte> rest)
    {
        if (ValueOf(rest) is { } value)
        {
            sum = (sum ?? 0) + value;
        }
    }

    // The value follows the last blank; a blank inside a label's value comes before it.
    private static double? ValueOf(ReadOnlySpan<byte> rest)
    {
        rest = rest.TrimEnd((byte)'\r');
        var number = rest[(rest.LastIndexOf((byte)' ') + 1)..];
        return Utf8Parser.TryParse(number, out double value, out var used) && used == number.Length && double.IsFinite(value) ? value : null;
    }

    private static int? LabelOf(ReadOnlySpan<byte> labels, ReadOnlySpan<byte> name)
    {
        // Names end like others do (block_size in hash_block_size): a comma or brace stands before the right one.
        for (var at = labels.IndexOf(name); at > 0; at = NextOf(labels, name, at))
        {
            if (labels[at - 1] is (byte)',' or (byte)'{' && Utf8Parser.TryParse(labels[(at + name.Length)..], out int value, out _))
            {
                return value;
            }
        }

        return null;
    }

    private static int NextOf(ReadOnlySpan<byte> labels, ReadOnlySpan<byte> name, int at)
    {
        var next = labels[(at + 1)..].IndexOf(name);
        return next < 0 ? -1 : at + 1 + next;
    }
}
