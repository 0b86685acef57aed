namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>What a user must know about the model that answers.</summary>
internal static class ModelNotice
{
    public static string For(ModelFolder folder) => folder.IsEmbedded
        ? "This is SmolLM2-135M-Instruct, a 135M-parameter model for trying the platform out, not vLLM: it answers simple facts and questions "
            + "about given context in English, gets arithmetic wrong, never refuses and invents details."
        : $"The model in '{folder.Name}' runs in process by ONNX Runtime, not in vLLM.";
}
