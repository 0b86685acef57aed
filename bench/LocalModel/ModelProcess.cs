using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.LocalModel;

/// <summary>A LocalVllm process with the real model, measured from outside: over HTTP, and by the system's figures of its memory.</summary>
internal sealed class ModelProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly HttpClient _client;

    private ModelProcess(Process process, HttpClient client) => (_process, _client) = (process, client);

    /// <summary>Seconds from the process' start to its first healthy answer, .NET's own start included.</summary>
    public double StartSeconds { get; private init; }

    public double ResidentMegabytes => Megabytes(process => process.WorkingSet64);

    public double PeakMegabytes => Megabytes(process => process.PeakWorkingSet64);

    /// <exception cref="BenchException">It did not start.</exception>
    public static async Task<ModelProcess> StartAsync(int threads, CancellationToken cancellationToken)
    {
        var port = FreePort();
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            "exec", Path.Combine(AppContext.BaseDirectory, "AiInfra.LocalVllm.dll"),
            "serve", "smollm2", "--engine", "smollm2", "--engine-option", $"threads={threads}",
            "--port", port.ToString(CultureInfo.InvariantCulture), "--max-num-seqs", "8",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var clock = Stopwatch.StartNew();
        var process = Process.Start(start) ?? throw new BenchException("The 'dotnet' command could not be started.");
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(10) };
        while (!await IsHealthyAsync(client, cancellationToken))
        {
            if (process.HasExited || clock.Elapsed > StartLimit)
            {
                throw new BenchException("AiInfra.LocalVllm with the smollm2 engine did not start: start it by hand to see why.");
            }

            await Task.Delay(10, cancellationToken);
        }

        return new ModelProcess(process, client) { StartSeconds = clock.Elapsed.TotalSeconds };
    }

    /// <summary>Streams a completion of exactly <paramref name="tokens"/> tokens.</summary>
    /// <returns>Seconds to the first token and to the last one.</returns>
    public async Task<(double First, double Last)> StreamAsync(int[] prompt, int tokens, CancellationToken cancellationToken)
    {
        var body = new { prompt, max_tokens = tokens, temperature = 0, ignore_eos = true, stream = true };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = JsonContent.Create(body) };
        var clock = Stopwatch.StartNew();
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        double? first = null;
        var last = 0d;
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("data: {", StringComparison.Ordinal))
            {
                last = clock.Elapsed.TotalSeconds;
                first ??= last;
            }
        }

        return (first ?? throw new BenchException("The model gave no token."), last);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<bool> IsHealthyAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync("/health", cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private double Megabytes(Func<Process, long> bytes)
    {
        _process.Refresh();
        return bytes(_process) / 1e6;
    }
}
