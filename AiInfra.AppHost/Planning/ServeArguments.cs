using System.Globalization;

namespace AiInfra.AppHost.Planning;

/// <summary>
/// The arguments of <c>vllm serve</c> that make the plan come true: what differs from vLLM's own defaults, and what the plan rests on.
/// </summary>
internal static class ServeArguments
{
    public static IReadOnlyList<string> For(Plan plan)
    {
        var settings = plan.Memory.Settings;
        var choices = plan.Request.Serving;
        var arguments = new List<string> { "serve", plan.Request.ServedModel };
        void Add(string name, object value) => arguments.AddRange([name, Convert.ToString(value, CultureInfo.InvariantCulture)!]);

        Add("--max-model-len", settings.ContextTokens);
        Add("--gpu-memory-utilization", settings.Utilization);
        // A stated time of a token narrows the batch.
        var keepsTime = plan.Request.Workload.TokenSeconds is not null && plan.Load is not null;
        Add("--max-num-seqs", keepsTime ? Math.Min(settings.Sequences, plan.Load!.SequencesPerReplica) : settings.Sequences);
        Add("--max-num-batched-tokens", settings.BatchedTokens);
        if (plan.Parallel.Tensor > 1)
        {
            Add("--tensor-parallel-size", plan.Parallel.Tensor);
        }

        if (plan.Parallel.Pipeline > 1)
        {
            Add("--pipeline-parallel-size", plan.Parallel.Pipeline);
        }

        if (plan.Parallel.Data > 1)
        {
            Add("--data-parallel-size", plan.Parallel.Data);
        }

        if (plan.Parallel.DecodeContext > 1)
        {
            Add("--decode-context-parallel-size", plan.Parallel.DecodeContext);
        }

        if (plan.Parallel.PrefillContext > 1)
        {
            Add("--prefill-context-parallel-size", plan.Parallel.PrefillContext);
        }

        if (plan.Parallel.SharesExperts)
        {
            arguments.Add("--enable-expert-parallel");
        }

        if (settings.Cache != CacheType.Auto)
        {
            Add("--kv-cache-dtype", settings.Cache.Name);
        }

        if (plan.Request.Gpu.Capability.StartsWith("7.", StringComparison.Ordinal))
        {
            // These GPUs have no bfloat16.
            Add("--dtype", "half");
        }

        if (settings.Eager)
        {
            arguments.Add("--enforce-eager");
        }

        if (choices.PrefixCaching is { } caching)
        {
            arguments.Add(caching ? "--enable-prefix-caching" : "--no-enable-prefix-caching");
        }

        if (choices.BlockTokens is { } block)
        {
            Add("--block-size", block);
        }

        if (settings.FixedPool is { } pool)
        {
            Add("--kv-cache-memory-bytes", pool.Count);
        }

        if (choices.HostOffload > Bytes.Zero)
        {
            Add("--cpu-offload-gb", Math.Round(choices.HostOffload.Gibibytes, 2));
        }

        if (choices.DraftTokens > 0)
        {
            Add("--speculative-config", $$"""{"method":"mtp","num_speculative_tokens":{{choices.DraftTokens}}}""");
        }

        return arguments;
    }
}
