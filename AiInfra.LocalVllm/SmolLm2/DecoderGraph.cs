using Microsoft.ML.OnnxRuntime;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>The ONNX graph of a decoder with key/value cache: opened once, run on shared buffers that it writes in place.</summary>
internal sealed class DecoderGraph : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly Dictionary<int, DecodeBinding> _bindings = [];
    private (KeyValueSlots? Slots, int Version) _boundTo;

    /// <param name="folder">Where the graph lies, its weights beside it.</param>
    /// <param name="threads">Threads of one run; they sleep between runs, so that other processes get the cores.</param>
    /// <exception cref="ModelFolderException">The graph has other inputs than this engine feeds.</exception>
    public DecoderGraph(ModelFolder folder, int threads)
    {
        using var options = new Microsoft.ML.OnnxRuntime.SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        try
        {
            // By path: the weights beside it are mapped, and processes that serve the same file share its pages.
            _session = new InferenceSession(folder.Graph, options);
        }
        catch (OnnxRuntimeException problem)
        {
            throw new ModelFolderException($"{folder.Graph} cannot be opened: {problem.Message}");
        }

        try
        {
            Shape = ReadShape(_session, folder.Graph);
        }
        catch
        {
            _session.Dispose();
            throw;
        }

        VocabularySize = _session.OutputMetadata["logits"].Dimensions[^1] is > 0 and var size ? size : folder.Facts.VocabularySize;
    }

    public KeyValueShape Shape { get; }

    public int VocabularySize { get; }

    /// <summary>Appends <paramref name="tokens"/> to one slot that holds <paramref name="past"/> tokens.</summary>
    /// <param name="slots">The caches, with room for the tokens.</param>
    /// <param name="slot">The one that is appended to.</param>
    /// <param name="tokens">What is appended; a single token runs other kernels, which round differently.</param>
    /// <param name="past">Tokens in the slot so far.</param>
    /// <param name="wanted">How many of the last positions get logits, at least 1.</param>
    /// <param name="logits">Receives <c>float[wanted, vocabulary]</c>.</param>
    public void Prefill(KeyValueSlots slots, int slot, ReadOnlySpan<int> tokens, int past, int wanted, Span<float> logits)
    {
        var ids = new long[tokens.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = tokens[i];
        }

        var positions = new long[wanted];
        for (var i = 0; i < wanted; i++)
        {
            positions[i] = tokens.Length - wanted + i;
        }

        using var inputIds = OrtValue.CreateTensorValueFromMemory(ids, [1, ids.Length]);
        using var lengths = OrtValue.CreateTensorValueFromMemory(new[] { past + ids.Length - 1 }, [1]);
        using var total = OrtValue.CreateTensorValueFromMemory(new[] { past + ids.Length }, []);
        using var index = OrtValue.CreateTensorValueFromMemory(positions, [1, wanted]);
        using var output = OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance, Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, [1, wanted, VocabularySize]);
        using var binding = _session.CreateIoBinding();
        binding.BindInput("input_ids", inputIds);
        binding.BindInput("seqlens_k", lengths);
        binding.BindInput("total_sequence_length", total);
        binding.BindInput("logits_index", index);
        binding.BindOutput("logits", output);
        for (var i = 0; i < Shape.Tensors; i++)
        {
            BindCache(binding, i, slots.Tensor(i).Slot(slot));
        }

        _session.RunWithBinding(_run, binding);
        output.GetTensorDataAsSpan<float>().CopyTo(logits);
    }

    /// <summary>Appends one token to each of the first slots.</summary>
    /// <param name="slots">The caches, with room for one more token in each row.</param>
    /// <param name="tokens">The token of each row.</param>
    /// <param name="past">How many tokens each row holds already.</param>
    /// <returns><c>float[rows, vocabulary]</c>, valid until the next run.</returns>
    public Span<float> Decode(KeyValueSlots slots, ReadOnlySpan<int> tokens, ReadOnlySpan<int> past)
    {
        if (_boundTo != (slots, slots.Version))
        {
            DropBindings();
            _boundTo = (slots, slots.Version);
        }

        if (!_bindings.TryGetValue(tokens.Length, out var bound))
        {
            bound = new DecodeBinding(_session, tokens.Length, VocabularySize);
            for (var i = 0; i < Shape.Tensors; i++)
            {
                BindCache(bound.Binding, i, slots.Tensor(i).Rows(tokens.Length));
            }

            _bindings.Add(tokens.Length, bound);
        }

        bound.Set(tokens, past);
        _session.RunWithBinding(_run, bound.Binding);
        return bound.Logits;
    }

    public void Dispose()
    {
        DropBindings();
        _run.Dispose();
        _session.Dispose();
    }

    /// <summary>Same memory as past and present: the runtime then appends in place.</summary>
    private static void BindCache(OrtIoBinding binding, int tensor, OrtValue value)
    {
        binding.BindInput($"past_key_values.{KeyValueShape.TensorName(tensor)}", value);
        binding.BindOutput($"present.{KeyValueShape.TensorName(tensor)}", value);
    }

    private static KeyValueShape ReadShape(InferenceSession session, string path)
    {
        var caches = session.InputMetadata.Keys.Count(name => name.StartsWith("past_key_values.", StringComparison.Ordinal));
        string[] needed = ["input_ids", "seqlens_k", "total_sequence_length", "logits_index", "past_key_values.0.key"];
        if (needed.FirstOrDefault(name => !session.InputMetadata.ContainsKey(name)) is { } missing)
        {
            throw new ModelFolderException($"{path} has no input '{missing}': this engine runs graphs with the inputs {string.Join(", ", needed)}.");
        }

        // [batch, heads, past, headSize]
        var dimensions = session.InputMetadata["past_key_values.0.key"].Dimensions;
        return dimensions is [_, > 0, _, > 0] && caches % 2 == 0
            ? new KeyValueShape(caches / 2, dimensions[1], dimensions[3])
            : throw new ModelFolderException($"{path}: past_key_values.0.key must be [batch, heads, past, head size] with fixed heads and head size.");
    }

    private void DropBindings()
    {
        foreach (var binding in _bindings.Values)
        {
            binding.Dispose();
        }

        _bindings.Clear();
    }
}
