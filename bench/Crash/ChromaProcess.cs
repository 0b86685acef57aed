using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.Crash;

/// <summary>A Chroma server on a folder that outlives it.</summary>
/// <param name="command">Which server.</param>
/// <param name="kept">Its folder, which stays; null: one that goes with it.</param>
internal sealed class ChromaProcess(ChromaCommand command, string? kept = null) : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = kept is null ? Directory.CreateTempSubdirectory("aiinfra-chroma-") : Directory.CreateDirectory(kept);
    private Process? _process;

    public int Port { get; } = FreePort();

    public string Folder => _folder.FullName;

    public Uri Address => new($"http://127.0.0.1:{Port}");

    /// <summary>Working set in MiB.</summary>
    public double ResidentMiB
    {
        get
        {
            _process!.Refresh();
            return _process.WorkingSet64 / 1048576.0;
        }
    }

    public bool HasExited => _process is null or { HasExited: true };

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _process?.Dispose();
        var start = new ProcessStartInfo(
            command.Program, [.. command.Arguments, "run", "--path", Folder, "--host", "127.0.0.1", "--port", $"{Port}"])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(5) };
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < StartLimit; await Task.Delay(50, cancellationToken))
        {
            try
            {
                using var response = await client.GetAsync("api/v2/heartbeat", cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (Exception problem) when (problem is HttpRequestException or TaskCanceledException && !_process.HasExited && !cancellationToken.IsCancellationRequested)
            {
                // Not listening yet.
            }
        }

        throw new BenchException($"Chroma ({command.Label}) did not answer.");
    }

    public async Task KillAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
        if (kept is null)
        {
            _folder.Delete(recursive: true);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
