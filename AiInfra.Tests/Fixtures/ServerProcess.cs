using System.Collections.Concurrent;
using System.Diagnostics;

namespace AiInfra.Tests.Fixtures;

/// <summary>A real server process of a test: started, awaited until it answers, its output kept, ended with its children.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private ServerProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Everything that the process printed so far, stdout and stderr as they came.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Starts a built project of this solution, for example <c>AiInfra.Gateway</c>.</summary>
    public static Task<ServerProcess> StartProjectAsync(
        string project, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, Uri ready, CancellationToken cancellationToken) =>
        StartAsync("dotnet", ["exec", RepositoryPaths.Assembly(project), .. arguments], environment, ready, cancellationToken);

    /// <summary>Starts a command and waits until <paramref name="ready"/> answers 200.</summary>
    /// <exception cref="InvalidOperationException">The process ended, or did not answer in time; the message holds its output.</exception>
    public static async Task<ServerProcess> StartAsync(
        string command, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, Uri ready, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command)
        {
            // Not the tests' own folder: the settings of every service lie there, and a service would read another's.
            WorkingDirectory = RepositoryPaths.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // The test runner's own settings are not the server's.
        start.Environment.Remove("ASPNETCORE_URLS");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var server = new ServerProcess(new Process { StartInfo = start });
        server._process.OutputDataReceived += server.Keep;
        server._process.ErrorDataReceived += server.Keep;
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        try
        {
            await server.WaitUntilReadyAsync(ready, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the process as a power cut would: SIGKILL, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task WaitUntilReadyAsync(Uri ready, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var clock = Stopwatch.StartNew();
        while (!await AnswersAsync(client, ready, cancellationToken))
        {
            if (_process.HasExited || clock.Elapsed > StartLimit)
            {
                throw new InvalidOperationException($"{_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)} "
                    + $"{(_process.HasExited ? $"ended with {_process.ExitCode}" : $"did not answer at {ready}")}:\n{Output}");
            }

            await Task.Delay(50, cancellationToken);
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient client, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync(address, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception problem) when (problem is HttpRequestException || (problem is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is { } text)
        {
            _output.Enqueue(text);
        }
    }
}
