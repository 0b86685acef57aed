using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using AiInfra.Bench.Overhead;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.Faults;

/// <summary>A gateway and LocalVllm replicas, each a process of its own.</summary>
internal sealed class FaultCluster : IAsyncDisposable
{
    private const string AdminKey = "admin-bench-0123456789";

    private readonly OverheadTarget?[] _replicas;
    private readonly int[] _ports;
    private readonly HttpClient _client = new();
    private readonly int _admin;

    private FaultCluster(int replicas)
    {
        _ports = [.. Enumerable.Range(0, replicas).Select(_ => OverheadTarget.FreePort())];
        _replicas = new OverheadTarget?[replicas];
        (Port, _admin) = (OverheadTarget.FreePort(), OverheadTarget.FreePort());
    }

    /// <summary>The gateway's public port.</summary>
    public int Port { get; }

    public OverheadTarget? Gateway { get; private set; }

    public int Count => _ports.Length;

    /// <param name="replicas">How many.</param>
    /// <param name="engine">Engine options of each, for example <c>profile=8b-h100 speed=20</c>.</param>
    /// <param name="settings">Settings of the gateway beyond the usual.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<FaultCluster> StartAsync(int replicas, string engine, IReadOnlyList<string> settings, CancellationToken cancellationToken)
    {
        var cluster = new FaultCluster(replicas) { Engine = engine };
        for (var i = 0; i < replicas; i++)
        {
            await cluster.StartReplicaAsync(i, cancellationToken);
        }

        cluster.Gateway = await OverheadTarget.StartRoleAsync("gateway", "gateway", cluster.Port, string.Join('\n',
            (string[])[
                $"--urls=http://127.0.0.1:{cluster.Port}", $"--Listeners:Internal:Port={OverheadTarget.FreePort()}", $"--Listeners:Admin:Port={cluster._admin}",
                $"--Admin:Key={AdminKey}", "--Gateway:Models:0:Name=tiny", "--Gateway:Models:0:Service=vllm",
                .. cluster._ports.Select((port, i) => $"--services:vllm:http:{i}=http://127.0.0.1:{port}"),
                "--Gateway:Keys:0:Id=bench", $"--Gateway:Keys:0:Key={OverheadTarget.Key}", "--Logging:LogLevel:Default=Error", .. settings]), cancellationToken);
        return cluster;
    }

    private string Engine { get; init; } = "";

    public async Task StartReplicaAsync(int index, CancellationToken cancellationToken) =>
        _replicas[index] = await OverheadTarget.StartRoleAsync($"vllm{index}", "vllm", _ports[index], string.Join('\n',
            (string[])["serve", "./tiny", "--port", $"{_ports[index]}", "--served-model-name", "tiny", "--max-num-seqs", "1024", "--shutdown-timeout", "20",
                "--enable-prompt-tokens-details", "--engine-option", .. Engine.Split(' ')]), cancellationToken);

    /// <summary>SIGTERM, as an orchestrator does it, and waits for the end; where there is no SIGTERM, an end without notice.</summary>
    public async Task StopReplicaAsync(int index)
    {
        var replica = _replicas[index]!;
        _replicas[index] = null;
        if (!OperatingSystem.IsWindows() && replica.ProcessId is { } id)
        {
            using var signal = Process.Start("kill", ["-TERM", $"{id}"]);
            await signal.WaitForExitAsync();
            await replica.ExitAsync(TimeSpan.FromSeconds(40));
        }

        await replica.DisposeAsync();
    }

    public async Task KillReplicaAsync(int index)
    {
        await _replicas[index]!.DisposeAsync();
        _replicas[index] = null;
    }

    public async Task TroubleAsync(int index, object trouble, CancellationToken cancellationToken)
    {
        using var answer = await _client.PostAsJsonAsync($"http://127.0.0.1:{_ports[index]}/localvllm/trouble", trouble, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Waits until the gateway takes every replica for healthy again.</summary>
    public async Task WaitUntilServingAsync(FaultCaller caller, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            using var question = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{_admin}/admin/replicas");
            question.Headers.TryAddWithoutValidation("Authorization", $"Bearer {AdminKey}");
            using var answer = await _client.SendAsync(question, cancellationToken);
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            if (answer.StatusCode == HttpStatusCode.OK && !text.Contains("Ejected", StringComparison.Ordinal) && !text.Contains("Trial", StringComparison.Ordinal))
            {
                return;
            }

            if (clock.Elapsed > TimeSpan.FromSeconds(60))
            {
                throw new BenchException($"The replicas did not come back: {text}");
            }

            // One on trial is healthy once it has answered.
            await caller.SendAsync(Port, stream: false, cancellationToken);
            await Task.Delay(50, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        foreach (var process in _replicas.Append(Gateway).OfType<OverheadTarget>())
        {
            await process.DisposeAsync();
        }
    }
}
