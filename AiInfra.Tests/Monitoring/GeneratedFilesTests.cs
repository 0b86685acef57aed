using AiInfra.AppHost.Monitoring;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.Monitoring;

/// <summary>
/// <c>deploy/monitoring</c> holds the files of the reference platform, for those who run their own Prometheus and Grafana.
/// With the environment variable <c>AIINFRA_REWRITE=1</c> this test writes them anew instead of comparing.
/// </summary>
public sealed class GeneratedFilesTests
{
    [Fact]
    public async Task Files_in_deploy_are_what_the_code_writes()
    {
        var folder = Path.Combine(RepositoryPaths.Root, "deploy", "monitoring");
        var settings = new MonitoringSettings();
        var files = MonitoringFiles.Prometheus(ReferenceTargets.All, settings)
            .Concat(MonitoringFiles.Alertmanager(settings))
            .Concat(MonitoringFiles.Grafana("http://prometheus:9090", "/var/lib/grafana/dashboards", settings))
            .ToDictionary();
        if (Environment.GetEnvironmentVariable("AIINFRA_REWRITE") == "1")
        {
            foreach (var (path, text) in files)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
                await File.WriteAllTextAsync(Path.Combine(folder, path), text, TestContext.Current.CancellationToken);
            }
        }

        var present = Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'));
        Assert.Equal(files.Keys.Order(), present.Order());
        foreach (var (path, text) in files)
        {
            Assert.True(text == await File.ReadAllTextAsync(Path.Combine(folder, path), TestContext.Current.CancellationToken),
                $"deploy/monitoring/{path} differs from what the code writes: run this test with AIINFRA_REWRITE=1.");
        }
    }
}
