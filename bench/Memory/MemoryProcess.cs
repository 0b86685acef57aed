using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.Memory;

/// <summary>The memory service as users run it: a process of its own, reached over HTTP, its data in a folder that is removed at the end.</summary>
internal sealed class MemoryProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    private readonly ServiceTokens _tokens;
    private readonly DirectoryInfo _folder;
    private readonly List<(string Name, string Value)> _settings;
    private int? _diskMiB;
    private bool _isKept;
    private bool _isReadOnly;
    private Process? _process;

    private MemoryProcess(ServiceTokens tokens, DirectoryInfo folder, List<(string Name, string Value)> settings)
    {
        _tokens = tokens;
        _folder = folder;
        _settings = settings;
    }

    public Uri Address { get; private set; } = null!;

    public int Id => _process!.Id;

    public bool HasExited => _process!.HasExited;

    /// <summary>Working set in MiB.</summary>
    public double ResidentMiB
    {
        get
        {
            _process!.Refresh();
            return _process.WorkingSet64 / 1048576.0;
        }
    }

    public static async Task<MemoryProcess> StartAsync(ServiceTokens tokens, CancellationToken cancellationToken, params (string Name, string Value)[] settings)
    {
        var service = new MemoryProcess(tokens, Directory.CreateTempSubdirectory("aiinfra-bench-"), [.. settings]);
        await service.RestartAsync(cancellationToken);
        return service;
    }

    /// <summary>The same on a folder that is there and stays.</summary>
    public static async Task<MemoryProcess> StartOnAsync(ServiceTokens tokens, string folder, CancellationToken cancellationToken, params (string Name, string Value)[] settings)
    {
        var service = new MemoryProcess(tokens, new DirectoryInfo(folder), [.. settings]) { _isKept = true };
        await service.RestartAsync(cancellationToken);
        return service;
    }

    /// <summary>The same with its data on a disk of its own, which is as small as that. Needs root on Linux.</summary>
    public static async Task<MemoryProcess> StartOnSmallDiskAsync(ServiceTokens tokens, int mebibytes, CancellationToken cancellationToken)
    {
        var service = new MemoryProcess(tokens, Directory.CreateTempSubdirectory("aiinfra-bench-"), []) { _diskMiB = mebibytes };
        await service.RestartAsync(cancellationToken);
        return service;
    }

    /// <summary>Starts the service again on the same data, on a mount that cannot be written. Needs root on Linux.</summary>
    public Task RestartReadOnlyAsync(CancellationToken cancellationToken)
    {
        _isReadOnly = true;
        return RestartAsync(cancellationToken);
    }

    /// <summary>Starts the service, again on the same data when it ran before, and waits until it answers.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        Address = new Uri($"http://127.0.0.1:{FreePort()}");
        var data = Path.Combine(_folder.FullName, "memory");
        Directory.CreateDirectory(data);
        // A mount namespace of its own: the disk goes with the process.
        var start = _diskMiB is { } size
            ? new ProcessStartInfo("unshare", ["-m", "sh", "-c", $"mount -t tmpfs -o size={size}m none '{data}' && exec dotnet exec '{Assembly()}'"])
            : _isReadOnly
                ? new ProcessStartInfo("unshare", ["-m", "sh", "-c", $"mount --bind '{data}' '{data}' && mount -o remount,ro,bind '{data}' && exec dotnet exec '{Assembly()}'"])
                : new ProcessStartInfo("dotnet", ["exec", Assembly()]);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        start.Environment["ASPNETCORE_URLS"] = Address.ToString();
        start.Environment["Memory__DataFolder"] = data;
        start.Environment["services__gateway__internal__0"] = _tokens.Address;
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        foreach (var (name, value) in _settings)
        {
            start.Environment[name] = value;
        }

        _process?.Dispose();
        _process = Process.Start(start)!;
        // Read and dropped: a full pipe would stop the service.
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await WaitAsync(cancellationToken);
    }

    public HttpClient Client(string user, string tenant = "bench")
    {
        var client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(10) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _tokens.For(tenant, user));
        return client;
    }

    /// <summary>SIGKILL: nothing is flushed, nobody is told.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }

        _process?.Dispose();
        if (!_isKept)
        {
            _folder.Delete(recursive: true);
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < StartLimit;)
        {
            if (_process!.HasExited)
            {
                throw new BenchException($"The memory service ended with {_process.ExitCode}.");
            }

            try
            {
                using var response = await client.GetAsync(new Uri(Address, "alive"), cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (Exception problem) when (problem is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // Not listening yet, or too busy starting to answer.
            }

            await Task.Delay(50, cancellationToken);
        }

        throw new BenchException("The memory service did not answer within two minutes.");
    }

    // .../artifacts/bin/bench/release/ is where this program lies.
    private static string Assembly()
    {
        var here = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var path = Path.GetFullPath(Path.Combine(here, "..", "..", "AiInfra.MemoryService", Path.GetFileName(here), "AiInfra.MemoryService.dll"));
        return File.Exists(path) ? path : throw new BenchException($"There is no {path}: build the solution first.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
