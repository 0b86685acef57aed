using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics;
using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.Processes;
using Microsoft.Extensions.Logging;

namespace AiInfra.AppHost.Chroma;

/// <summary>The npm package of the server, installed once for all instances from the lock file beside this class.</summary>
internal sealed partial class ChromaInstallation(string packagesFolder)
{
    /// <summary>The npm package and, behind the plus, the binding that runs with glibc 2.36: both stand in Server/package-lock.json.</summary>
    public const string Version = "3.0.6+1.0.3";

    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(5);

    private readonly string _folder = Path.Combine(packagesFolder, $"chroma-{Version}");

    public string Server => Path.Combine(_folder, "node_modules", "chromadb", "dist", "cli.mjs");

    /// <summary>Installs the server unless it is there. Several AppHosts may ask at once: one installs, the others wait.</summary>
    /// <exception cref="DistributedApplicationException">npm is missing or failed; the message says what to do.</exception>
    public async Task EnsureAsync(ILogger log, CancellationToken cancellationToken)
    {
        if (File.Exists(Server))
        {
            return;
        }

        Directory.CreateDirectory(packagesFolder);
        using var one = await LockAsync(log, cancellationToken);
        if (File.Exists(Server))
        {
            return;
        }

        // Installed aside and moved whole: an interrupted installation is never taken for one.
        var next = $"{_folder}.next";
        if (Directory.Exists(next))
        {
            Directory.Delete(next, recursive: true);
        }

        Directory.CreateDirectory(next);
        foreach (var name in new[] { "package.json", "package-lock.json" })
        {
            using var source = typeof(ChromaInstallation).Assembly.GetManifestResourceStream($"Chroma.{name}")!;
            using var target = File.Create(Path.Combine(next, name));
            await source.CopyToAsync(target, cancellationToken);
        }

        await RunNpmAsync(next, log, cancellationToken);
        Directory.Move(next, _folder);
    }

    private static async Task RunNpmAsync(string folder, ILogger log, CancellationToken cancellationToken)
    {
        var npm = CommandLookup.Find("npm")
            ?? throw new DistributedApplicationException("'chroma' is left out: 'npm' is not on PATH. Install it (it comes with Node.js, https://nodejs.org) and start again.");
        LogInstalling(log, folder);
        var output = new ConcurrentQueue<string>();
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);
        var install = ChildProcess.Start(
            new ProcessStart(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], environment, folder),
            lines => lines.ToList().ForEach(output.Enqueue));
        try
        {
            var clock = Stopwatch.StartNew();
            while (await Task.WhenAny(install.Exited, Task.Delay(Progress, cancellationToken)) != install.Exited)
            {
                cancellationToken.ThrowIfCancellationRequested();
                LogProgress(log, (int)clock.Elapsed.TotalSeconds);
            }
        }
        finally
        {
            await install.StopAsync(TimeSpan.Zero, cancellationToken);
        }

        if (await install.Exited is var exitCode and not 0)
        {
            var lines = string.Join(' ', output.Where(line => line.Length > 0).Take(5));
            throw new DistributedApplicationException($"'chroma' is left out: npm could not install it (exit code {exitCode}: {lines}).");
        }
    }

    private async Task<FileStream> LockAsync(ILogger log, CancellationToken cancellationToken)
    {
        var path = $"{_folder}.lock";
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                if (attempt == 0)
                {
                    LogWaiting(log);
                }

                await Task.Delay(200, cancellationToken);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Installing the Chroma server (once, 420 MB) into {Folder}")]
    private static partial void LogInstalling(ILogger log, string folder);

    [LoggerMessage(LogLevel.Information, "Still installing the Chroma server, {Seconds} s")]
    private static partial void LogProgress(ILogger log, int seconds);

    [LoggerMessage(LogLevel.Information, "Another AppHost is installing the Chroma server: waiting for it")]
    private static partial void LogWaiting(ILogger log);
}
