using AiInfra.LocalVllm.Scheduling;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Generation;

/// <summary>The reply field <c>system_fingerprint</c>: the emulated version, and eight digits that follow from the server's settings.</summary>
internal sealed class Fingerprint(ServeSettings settings)
{
    public const string Version = "0.32.0";

    public string Value { get; } = $"vllm-{Version}-{(uint)BlockHash.Text($"{settings.Engine} {settings.Model} {settings.Seed}"):x8}";
}
