using System.Diagnostics;
using System.Security.Cryptography;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.Memory;

/// <summary>The real server of the local platform, installed once into the user's cache from the AppHost's lock file.</summary>
internal static class ChromaServer
{
    private static readonly string Package = Path.Combine(RepositoryPaths.Root, "AiInfra.AppHost", "Chroma", "Server");
    private static readonly Lazy<Task<string>> Installed = new(InstallAsync);

    /// <summary>Starts a server on the folder and waits until it answers.</summary>
    public static async Task<ServerProcess> StartAsync(string dataFolder, int port, CancellationToken cancellationToken)
    {
        var script = Path.Combine(await Installed.Value, "node_modules", "chromadb", "dist", "cli.mjs");
        return await ServerProcess.StartAsync(
            "node", [script, "run", "--path", dataFolder, "--host", "127.0.0.1", "--port", $"{port}"], new Dictionary<string, string>(),
            new Uri($"http://127.0.0.1:{port}/api/v2/heartbeat"), cancellationToken);
    }

    private static async Task<string> InstallAsync()
    {
        var version = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(Package, "package-lock.json"))))[..16];
        var cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "aiinfra-tests");
        var folder = Path.Combine(cache, $"chroma-{version}");
        if (Directory.Exists(folder))
        {
            return folder;
        }

        // Made beside and moved into place: a folder of this name is always whole, whoever else installs at the same time.
        var draft = Path.Combine(cache, $"draft-{Guid.NewGuid():N}");
        Directory.CreateDirectory(draft);
        foreach (var file in Directory.EnumerateFiles(Package, "package*.json"))
        {
            File.Copy(file, Path.Combine(draft, Path.GetFileName(file)));
        }

        using var npm = Process.Start(new ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]) { WorkingDirectory = draft, RedirectStandardError = true })!;
        var errors = await npm.StandardError.ReadToEndAsync();
        await npm.WaitForExitAsync();
        if (npm.ExitCode != 0)
        {
            throw new InvalidOperationException($"npm ci ended with {npm.ExitCode}: {errors}");
        }

        try
        {
            Directory.Move(draft, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            Directory.Delete(draft, recursive: true);
        }

        return folder;
    }
}
