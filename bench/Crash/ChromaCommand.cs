using System.Diagnostics;
using System.Security.Cryptography;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.Crash;

/// <summary>How a Chroma server is started.</summary>
/// <param name="Label">For the table.</param>
/// <param name="Program">Path or name of the executable.</param>
/// <param name="Arguments">What stands before <c>run</c>.</param>
internal sealed record ChromaCommand(string Label, string Program, IReadOnlyList<string> Arguments)
{
    private const string ServerFolder = "chroma-server";

    /// <summary>The npm server of the local platform, and 1.5.9 where the data folder, or the one above it, holds <c>chroma-server/chroma159</c>.</summary>
    public static async Task<IReadOnlyList<ChromaCommand>> FindAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var script = Path.Combine(await InstalledAsync(cancellationToken), "node_modules", "chromadb", "dist", "cli.mjs");
        var commands = new List<ChromaCommand> { new("npm", "node", [script]) };
        if (arguments.Data is { } data)
        {
            var container = new[] { data, Path.Combine(data, "..") }.Select(root => Path.GetFullPath(Path.Combine(root, ServerFolder, "chroma159"))).FirstOrDefault(File.Exists);
            if (container is not null)
            {
                commands.Add(new ChromaCommand("1.5.9", container, []));
            }
        }

        return commands;
    }

    // Where the tests have it too, installed once from the AppHost's lock file.
    private static async Task<string> InstalledAsync(CancellationToken cancellationToken)
    {
        var package = Path.Combine(RepositoryRoot(), "AiInfra.AppHost", "Chroma", "Server");
        var version = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(package, "package-lock.json"), cancellationToken)))[..16];
        var cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "aiinfra-tests");
        var folder = Path.Combine(cache, $"chroma-{version}");
        if (Directory.Exists(folder))
        {
            return folder;
        }

        var draft = Path.Combine(cache, $"draft-{Guid.NewGuid():N}");
        Directory.CreateDirectory(draft);
        foreach (var file in Directory.EnumerateFiles(package, "package*.json"))
        {
            File.Copy(file, Path.Combine(draft, Path.GetFileName(file)));
        }

        using var npm = Process.Start(new ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]) { WorkingDirectory = draft })!;
        await npm.WaitForExitAsync(cancellationToken);
        if (npm.ExitCode != 0)
        {
            throw new BenchException($"npm ci ended with {npm.ExitCode}.");
        }

        Directory.Move(draft, folder);
        return folder;
    }

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AiInfra.sln")))
            {
                return folder.FullName;
            }
        }

        throw new BenchException("This program does not lie in the repository: there is no AiInfra.sln above it.");
    }
}
