using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.Limits;

/// <summary>A server process of the benchmark on loopback.</summary>
internal sealed class Server : IDisposable
{
    private readonly ProcessStartInfo _start;
    private readonly Uri? _ready;
    private Process? _process;

    public Server(string command, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, Uri? ready)
    {
        _ready = ready;
        _start = new ProcessStartInfo(command) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            _start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            _start.Environment[name] = value;
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>A project of this solution, built beside the benchmark.</summary>
    public static Server Project(string project, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, Uri ready) =>
        new("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, $"{project}.dll"), .. arguments], environment, ready);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _process = Process.Start(_start) ?? throw new BenchException($"{_start.FileName} could not be started.");
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        for (var attempt = 0; _ready is not null; attempt++)
        {
            try
            {
                using var response = await client.GetAsync(_ready, cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (Exception problem) when (problem is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
            {
            }

            if (_process.HasExited || attempt > 1200)
            {
                throw new BenchException($"{string.Join(' ', _start.ArgumentList)} did not come up.");
            }

            await Task.Delay(100, cancellationToken);
        }
    }

    /// <summary>SIGKILL: nothing is flushed.</summary>
    public void Kill()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            _process.WaitForExit();
        }
    }

    public void Dispose()
    {
        Kill();
        _process?.Dispose();
    }
}
