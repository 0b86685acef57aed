namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>What one token leaves behind in a decoder: per layer a key and a value of <c>[heads, headSize]</c> floats.</summary>
internal sealed record KeyValueShape(int Layers, int Heads, int HeadSize)
{
    /// <summary>Keys and values are two tensors a layer.</summary>
    public int Tensors => Layers * 2;

    public int BytesPerToken => Tensors * Heads * HeadSize * sizeof(float);

    /// <summary>The name of a tensor behind <c>past_key_values.</c> and <c>present.</c>: <c>0.key</c>, <c>0.value</c>, <c>1.key</c>, …</summary>
    public static string TensorName(int tensor) => $"{tensor / 2}.{(tensor % 2 == 0 ? "key" : "value")}";
}
