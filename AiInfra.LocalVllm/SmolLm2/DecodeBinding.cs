using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>Everything but the caches that a decode step of a fixed number of rows reads and writes, bound once and used for each step.</summary>
internal sealed class DecodeBinding : IDisposable
{
    private readonly long[] _ids;
    private readonly int[] _lengths;
    private readonly int[] _total = new int[1];
    private readonly List<OrtValue> _values = [];
    private readonly OrtValue _logits;

    public DecodeBinding(InferenceSession session, int rows, int vocabularySize)
    {
        _ids = new long[rows];
        _lengths = new int[rows];
        Binding = session.CreateIoBinding();
        Bind("input_ids", OrtValue.CreateTensorValueFromMemory(_ids, [rows, 1]));
        Bind("seqlens_k", OrtValue.CreateTensorValueFromMemory(_lengths, [rows]));
        Bind("total_sequence_length", OrtValue.CreateTensorValueFromMemory(_total, []));
        Bind("logits_index", OrtValue.CreateTensorValueFromMemory(new long[rows], [rows, 1]));
        _logits = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, [rows, 1, vocabularySize]);
        _values.Add(_logits);
        Binding.BindOutput("logits", _logits);
    }

    public OrtIoBinding Binding { get; }

    public Span<float> Logits => _logits.GetTensorMutableDataAsSpan<float>();

    /// <summary>Writes a step's inputs into the bound memory.</summary>
    public void Set(ReadOnlySpan<int> tokens, ReadOnlySpan<int> past)
    {
        _total[0] = 0;
        for (var row = 0; row < tokens.Length; row++)
        {
            _ids[row] = tokens[row];
            _lengths[row] = past[row];
            _total[0] = Math.Max(_total[0], past[row] + 1);
        }
    }

    public void Dispose()
    {
        Binding.Dispose();
        foreach (var value in _values)
        {
            value.Dispose();
        }
    }

    private void Bind(string name, OrtValue value)
    {
        _values.Add(value);
        Binding.BindInput(name, value);
    }
}
