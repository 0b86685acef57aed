using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>One layer's keys or values of all slots: <c>float[slots, heads, capacity, headSize]</c> outside the collected heap.</summary>
/// <remarks>The memory is not cleared: the system hands out pages when they are first written, so capacity that nobody uses costs nothing.</remarks>
internal sealed class KeyValueTensor : IDisposable
{
    private const int Alignment = 64;

    private readonly KeyValueShape _shape;
    private readonly int _capacity;
    private readonly IntPtr _block;
    private readonly IntPtr _start;
    private readonly OrtValue _all;
    private readonly OrtValue[] _slots;
    private readonly OrtValue[] _rows;

    public KeyValueTensor(KeyValueShape shape, int slots, int capacity)
    {
        _shape = shape;
        _capacity = capacity;
        _block = Marshal.AllocHGlobal((nint)SlotBytes * slots + Alignment);
        _start = (nint)((nuint)(_block + Alignment - 1) & ~(nuint)(Alignment - 1));
        _all = View(0, slots);
        _slots = [.. Enumerable.Range(0, slots).Select(slot => View(slot, 1))];
        _rows = [.. Enumerable.Range(1, slots).Select(rows => View(0, rows))];
    }

    private long SlotBytes => (long)_shape.Heads * _capacity * _shape.HeadSize * sizeof(float);

    /// <summary>The piece of one slot, <c>[1, heads, capacity, headSize]</c>.</summary>
    public OrtValue Slot(int slot) => _slots[slot];

    /// <summary>The first <paramref name="rows"/> slots, <c>[rows, heads, capacity, headSize]</c>.</summary>
    public OrtValue Rows(int rows) => _rows[rows - 1];

    /// <summary>The vectors of <paramref name="count"/> tokens of one head, <c>float[count × headSize]</c>.</summary>
    public Span<float> Tokens(int slot, int head, int position, int count)
    {
        var start = ((slot * _shape.Heads) + head) * _capacity + position;
        return _all.GetTensorMutableDataAsSpan<float>().Slice(start * _shape.HeadSize, count * _shape.HeadSize);
    }

    public void Dispose()
    {
        foreach (var view in _slots.Concat(_rows).Append(_all))
        {
            view.Dispose();
        }

        Marshal.FreeHGlobal(_block);
    }

    private OrtValue View(int slot, int count) => OrtValue.CreateTensorValueWithData(
        OrtMemoryInfo.DefaultInstance,
        TensorElementType.Float,
        [count, _shape.Heads, _capacity, _shape.HeadSize],
        _start + (nint)(slot * SlotBytes),
        count * SlotBytes);
}
