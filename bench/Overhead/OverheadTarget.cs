using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.Overhead;

/// <summary>One way to the stub: directly, or through a proxy that runs as a process of its own.</summary>
internal sealed class OverheadTarget : IAsyncDisposable
{
    public const string Key = "sk-bench-0123456789abcdef";

    private readonly Process? _process;
    private readonly string? _folder;

    private OverheadTarget(string name, int port, Process? process, string? folder) => (Name, Port, _process, _folder) = (name, port, process, folder);

    /// <summary>Headers that this way needs beside the key.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; private init; } = [];

    /// <summary>The port of its metrics; null where there are none.</summary>
    public int? MetricsPort { get; set; }

    public string Name { get; }

    public int Port { get; }

    /// <summary>CPU seconds that its processes have used so far; 0 for the direct way.</summary>
    public double CpuSeconds => Sum(process => process.TotalProcessorTime.TotalSeconds);

    public int? ProcessId => _process?.Id;

    public double ResidentMegabytes => Sum(process => process.WorkingSet64 / 1e6);

    public static OverheadTarget Direct(int port) => new("direct", port, null, null);

    /// <summary>This program in another role.</summary>
    public static Task<OverheadTarget> StartRoleAsync(string name, string role, int port, string arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, "overhead") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[OverheadServers.RoleVariable] = role;
        start.Environment[OverheadServers.ArgumentsVariable] = arguments;
        return StartAsync(name, port, start, null, cancellationToken);
    }

    public static Task<OverheadTarget> StartNginxAsync(int port, int upstream, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("aiinfra-bench-").FullName;
        var file = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(file, $$"""
            daemon off; worker_processes 1; pid {{folder}}/pid; error_log stderr crit;
            events { worker_connections 4096; }
            http {
                access_log off; client_max_body_size 64m; client_body_temp_path {{folder}}/body; proxy_temp_path {{folder}}/proxy;
                fastcgi_temp_path {{folder}}/f; uwsgi_temp_path {{folder}}/u; scgi_temp_path {{folder}}/s;
                client_body_buffer_size 1m; keepalive_requests 1000000000;
                upstream stub { server 127.0.0.1:{{upstream}}; keepalive 512; keepalive_requests 1000000000; }
                server { listen 127.0.0.1:{{port}}; location / { proxy_pass http://stub; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; } }
            }
            """);
        var start = new ProcessStartInfo("nginx", ["-c", file, "-p", folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
        return StartAsync("nginx", port, start, folder, cancellationToken);
    }

    /// <summary>Portkey from a folder in which <c>npm install @portkey-ai/gateway</c> was run, before the stub as a custom host.</summary>
    public static async Task<OverheadTarget> StartPortkeyAsync(string folder, int port, int upstream, CancellationToken cancellationToken)
    {
        var script = Path.Combine(folder, "node_modules", "@portkey-ai", "gateway", "build", "start-server.js");
        var start = new ProcessStartInfo("node", [script, $"--port={port}", "--headless"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["NODE_ENV"] = "production";
        var started = await StartAsync("portkey", port, start, null, cancellationToken);
        return new OverheadTarget("portkey", port, started._process, null)
        {
            Headers = [("x-portkey-provider", "openai"), ("x-portkey-custom-host", $"http://127.0.0.1:{upstream}/v1")],
        };
    }

    /// <summary>Redis, append-only and synced always, as the platform runs it.</summary>
    public static Task<OverheadTarget> StartRedisAsync(int port, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("aiinfra-bench-").FullName;
        var start = new ProcessStartInfo("redis-server", ["--port", $"{port}", "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes", "--appendfsync", "always", "--save", ""])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return StartAsync("redis", port, start, folder, cancellationToken);
    }

    /// <summary>Bytes that it has allocated on its managed heap so far, as its metrics say; NaN where there are none.</summary>
    public async Task<double> AllocatedBytesAsync(CancellationToken cancellationToken)
    {
        if (MetricsPort is not { } port)
        {
            return double.NaN;
        }

        using var client = new HttpClient();
        var text = await client.GetStringAsync($"http://127.0.0.1:{port}/metrics", cancellationToken);
        var line = text.Split('\n').FirstOrDefault(line => line.StartsWith("dotnet_gc_heap_total_allocated_bytes_total", StringComparison.Ordinal));
        return line is null ? double.NaN : double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Waits for a process that was asked to end.</summary>
    public async Task ExitAsync(TimeSpan limit)
    {
        using var over = new CancellationTokenSource(limit);
        await _process!.WaitForExitAsync(over.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static async Task<OverheadTarget> StartAsync(string name, int port, ProcessStartInfo start, string? folder, CancellationToken cancellationToken)
    {
        var process = Process.Start(start) ?? throw new BenchException($"{name} did not start.");
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var target = new OverheadTarget(name, port, process, folder);
        var clock = Stopwatch.StartNew();
        while (!await AcceptsAsync(port, cancellationToken))
        {
            if (process.HasExited || clock.Elapsed > TimeSpan.FromSeconds(60))
            {
                await target.DisposeAsync();
                throw new BenchException($"{name} did not come up on port {port}.");
            }

            await Task.Delay(100, cancellationToken);
        }

        return target;
    }

    private static async Task<bool> AcceptsAsync(int port, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private double Sum(Func<Process, double> of)
    {
        if (_process is null)
        {
            return 0;
        }

        _process.Refresh();
        var sum = of(_process);
        // nginx works in a child of the process that was started.
        foreach (var child in Children(_process.Id))
        {
            using (child)
            {
                sum += of(child);
            }
        }

        return sum;
    }

    private static IEnumerable<Process> Children(int id)
    {
        var file = $"/proc/{id}/task/{id}/children";
        return File.Exists(file)
            ? File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(child => Process.GetProcessById(int.Parse(child, System.Globalization.CultureInfo.InvariantCulture)))
            : [];
    }
}
