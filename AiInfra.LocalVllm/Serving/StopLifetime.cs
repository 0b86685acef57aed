using System.Runtime.InteropServices;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Simulation;
using AiInfra.LocalVllm.Trouble;
using Microsoft.AspNetCore.Hosting.Server;

namespace AiInfra.LocalVllm.Serving;

/// <summary>
/// Ends the process as vLLM does. Without <c>--shutdown-timeout</c>: the listener closes and what runs ends as an abort that looks like success. With it:
/// health stays 200, new requests get 500, what runs completes, and the listener stays a little longer; when the time is over the engine is gone and
/// streams stay open and silent until their clients leave.
/// </summary>
internal sealed class StopLifetime(
    IHostApplicationLifetime lifetime, IServer server, IInferenceEngine engine, ServerLoad load, TroubleState trouble, ServeSettings settings, TimeProvider time)
    : IHostLifetime, IDisposable
{
    // Measured: vLLM tears its workers down for ten seconds with the listener still open.
    private static readonly TimeSpan Teardown = TimeSpan.FromSeconds(10);
    private readonly List<PosixSignalRegistration> _signals = [];
    private int _stopping;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT])
        {
            _signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                if (Interlocked.Exchange(ref _stopping, 1) == 0)
                {
                    _ = StopAsync();
                }
            }));
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _signals.ForEach(signal => signal.Dispose());

    private async Task StopAsync()
    {
        if (settings.ShutdownSeconds == 0)
        {
            var closed = server.StopAsync(CancellationToken.None);
            (engine as SimulatedEngine)?.AbortAll();
            await Task.WhenAny(closed, Task.Delay(TimeSpan.FromSeconds(2), time));
        }
        else if (await DrainAsync())
        {
            await Task.Delay(Teardown, time);
        }
        else
        {
            (engine as SimulatedEngine)?.Hang(true);
            await server.StopAsync(CancellationToken.None);
        }

        lifetime.StopApplication();
    }

    private async Task<bool> DrainAsync()
    {
        trouble.Draining = true;
        var began = time.GetTimestamp();
        while (load.Requests > 0)
        {
            if (time.GetElapsedTime(began) > TimeSpan.FromSeconds(settings.ShutdownSeconds))
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), time);
        }

        return true;
    }
}
