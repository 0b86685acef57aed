namespace AiInfra.Bench.Overhead;

/// <summary>The stub and the gateway before it with everything on, for benchmarks that look at the gateway alone.</summary>
internal sealed class GatewayStage : IAsyncDisposable
{
    private readonly List<OverheadTarget> _targets = [];

    private GatewayStage(int stub) => Direct = OverheadTarget.Direct(stub);

    /// <summary>The way without the gateway.</summary>
    public OverheadTarget Direct { get; }

    public OverheadTarget Gateway => _targets[^1];

    public static async Task<GatewayStage> StartAsync(CancellationToken cancellationToken)
    {
        var stub = OverheadTarget.FreePort();
        var stage = new GatewayStage(stub);
        try
        {
            stage._targets.Add(await OverheadTarget.StartRoleAsync("stub", "stub", stub, $"http://127.0.0.1:{stub}", cancellationToken));
            await OverheadBenchmark.StartOursAsync(stage._targets, stub, cancellationToken);
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var target in _targets)
        {
            await target.DisposeAsync();
        }
    }
}
