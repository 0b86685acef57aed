using System.Diagnostics;
using AiInfra.AppHost.Charts;
using AiInfra.AppHost.Monitoring;
using AiInfra.AppHost.Topology;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.Publishing;

/// <summary>
/// What lies in <c>deploy/</c> is what the model gives. Files that Aspire writes are made by <c>deploy/publish.sh</c>; those beside them
/// need no Aspire, and with <c>AIINFRA_REWRITE=1</c> these tests write them.
/// </summary>
public sealed class PublishedFilesTests
{
    private static string Deploy => Path.Combine(RepositoryPaths.Root, "deploy");

    [Fact]
    public async Task The_application_model_has_not_changed_since_it_was_published()
    {
        using var process = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Deploy, "inputs.sh")]) { RedirectStandardOutput = true })!;
        var now = Lines(await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        var then = Lines(await File.ReadAllTextAsync(Path.Combine(Deploy, "inputs.sha256"), TestContext.Current.CancellationToken));

        var changed = now.Except(then).Concat(then.Except(now)).Select(line => line[66..]).Distinct().Order().ToList();
        Assert.True(changed.Count == 0,
            $"{string.Join(", ", changed)} changed since deploy/ was published. Publish again with deploy/publish.sh, look at the difference, and commit both.");
    }

    [Fact]
    public Task Compose_has_the_monitoring_files_that_the_code_writes() => CompareAsync(
        PublishedFiles.Write(Reference.Compose, new MonitoringSettings(), isKubernetes: false).ToDictionary(file => $"compose/monitoring/{file.Key}", file => file.Value),
        "compose/monitoring");

    [Fact]
    public Task The_chart_has_the_files_that_the_code_writes() => CompareAsync(
        ChartFiles.Write(Reference.Kubernetes, PublishedFiles.Write(Reference.Kubernetes, new MonitoringSettings(), isKubernetes: true))
            .ToDictionary(file => $"helm/{file.Key}", file => file.Value),
        "helm/files", "helm/templates/platform");

    [Fact]
    public async Task The_charts_values_end_with_those_that_the_code_writes()
    {
        var path = Path.Combine(Deploy, "helm", "values.yaml");
        var text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        var written = ChartValues.Write(Reference.Kubernetes);
        if (Environment.GetEnvironmentVariable("AIINFRA_REWRITE") == "1")
        {
            text = text[..text.IndexOf("\n# ----", StringComparison.Ordinal)] + written;
            await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
        }

        Assert.EndsWith(written, text, StringComparison.Ordinal);
    }

    private static async Task CompareAsync(Dictionary<string, string> files, params string[] folders)
    {
        if (Environment.GetEnvironmentVariable("AIINFRA_REWRITE") == "1")
        {
            foreach (var (path, text) in files)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Deploy, path))!);
                await File.WriteAllTextAsync(Path.Combine(Deploy, path), text, TestContext.Current.CancellationToken);
            }
        }

        var present = folders.SelectMany(folder => Directory.GetFiles(Path.Combine(Deploy, folder), "*", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Deploy, file).Replace('\\', '/'));
        Assert.Empty(present.Except(files.Keys));
        foreach (var (path, text) in files)
        {
            Assert.True(text == await File.ReadAllTextAsync(Path.Combine(Deploy, path), TestContext.Current.CancellationToken),
                $"deploy/{path} differs from what the code writes: run this test with AIINFRA_REWRITE=1.");
        }
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
