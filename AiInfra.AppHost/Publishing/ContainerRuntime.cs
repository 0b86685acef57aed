using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Configuration;

namespace AiInfra.AppHost.Publishing;

/// <summary>Finds out whether a container runtime answers. A socket file is not enough: a stopped Docker leaves its own behind.</summary>
internal static class ContainerRuntime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <returns>The command of the runtime that answered, or null.</returns>
    public static string? Find(IConfiguration configuration)
    {
        var named = configuration["ASPIRE_CONTAINER_RUNTIME"] ?? configuration["DOTNET_ASPIRE_CONTAINER_RUNTIME"] ?? configuration["DcpPublisher:ContainerRuntime"];
        var candidates = string.IsNullOrWhiteSpace(named) ? ["docker", "podman"] : new[] { named };
        // Asked side by side: a runtime that hangs costs its own limit only.
        var answers = candidates.AsParallel().AsOrdered().Select(command => (command, answers: Answers(command))).ToList();
        return answers.FirstOrDefault(candidate => candidate.answers).command;
    }

    private static bool Answers(string command)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, "container ls -n 1")
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            if (process.WaitForExit(Limit))
            {
                return process.ExitCode == 0;
            }

            process.Kill(entireProcessTree: true);
            return false;
        }
        catch (Win32Exception)
        {
            return false; // not installed
        }
    }
}
