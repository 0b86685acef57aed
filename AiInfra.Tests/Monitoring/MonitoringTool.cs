using System.Diagnostics;

namespace AiInfra.Tests.Monitoring;

/// <summary>Runs the tools that come with Prometheus and Alertmanager on files in a folder of their own.</summary>
internal static class MonitoringTool
{
    /// <summary>Writes the files, runs the command beside them and fails with its output unless it ends with 0.</summary>
    public static async Task<string> CheckAsync(string command, string[] arguments, IReadOnlyDictionary<string, string> files)
    {
        var folder = Directory.CreateTempSubdirectory("aiinfra-monitoring-");
        try
        {
            foreach (var (name, text) in files)
            {
                await File.WriteAllTextAsync(Path.Combine(folder.FullName, name), text, TestContext.Current.CancellationToken);
            }

            var start = new ProcessStartInfo(command, arguments)
            {
                WorkingDirectory = folder.FullName,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            var report = await output + await errors;
            Assert.True(process.ExitCode == 0, $"{command} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{report}");
            return report;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
