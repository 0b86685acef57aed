using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Simulation;

namespace AiInfra.LocalVllm.Admin;

/// <summary>Sleep and pause, and for the simulated engine what they do: nothing is computed meanwhile.</summary>
internal sealed class EngineControl(IInferenceEngine engine)
{
    public bool Sleeping { get; private set; }

    public bool Paused { get; private set; }

    public void Sleep(bool sleeping)
    {
        Sleeping = sleeping;
        Apply();
    }

    public void Pause(bool paused)
    {
        Paused = paused;
        Apply();
    }

    private void Apply() => (engine as SimulatedEngine)?.Hang(Sleeping || Paused);
}
