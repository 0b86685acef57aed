using AiInfra.AppHost.Prerequisites;
using Microsoft.Extensions.Configuration;

namespace AiInfra.AppHost.Telemetry;

/// <summary>
/// The standalone Aspire dashboard as a viewer of traces, metrics and logs beside the process engine, when it is on this machine
/// already. It is never downloaded, and shows no resources: that is Aspire's own.
/// </summary>
internal sealed class TelemetryViewer(string name, string command, string workingDirectory) : ExecutableResource(name, command, workingDirectory)
{
    private const string ViewerName = "dashboard";

    /// <summary>Where services send their telemetry (gRPC).</summary>
    public EndpointReference Otlp => new(this, "otlp");

    /// <summary>What they must send along, new at each run.</summary>
    public string OtlpKey { get; } = State.GeneratedSecrets.Password();

    public static void AddIfPresent(IDistributedApplicationBuilder builder)
    {
        if (Find(builder.Configuration) is not [var command, .. var arguments])
        {
            return;
        }

        var viewer = new TelemetryViewer(ViewerName, command, builder.AppHostDirectory);
        builder.AddResource(viewer)
            .WithHttpEndpoint()
            .WithHttpEndpoint(name: "otlp")
            .WithArgs([.. arguments])
            .WithEnvironment("ASPNETCORE_URLS", new EndpointReference(viewer, "http"))
            .WithEnvironment("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", viewer.Otlp)
            .WithEnvironment("DASHBOARD__FRONTEND__AUTHMODE", "BrowserToken")
            .WithEnvironment("DASHBOARD__FRONTEND__BROWSERTOKEN", State.GeneratedSecrets.Password())
            .WithEnvironment("DASHBOARD__OTLP__AUTHMODE", "ApiKey")
            .WithEnvironment("DASHBOARD__OTLP__PRIMARYAPIKEY", viewer.OtlpKey)
            .WithEnvironment("ASPIRE_DASHBOARD_TELEMETRY_OPTOUT", "true");
    }

    /// <returns>Command and arguments, or nothing when no dashboard is on this machine.</returns>
    private static string[] Find(ConfigurationManager configuration)
    {
        if ((configuration["AppHost:DashboardPath"] ?? configuration["ASPIRE_DASHBOARD_PATH"]) is { Length: > 0 } path)
        {
            return Start(path);
        }

        // A test looks at nothing, and must not depend on what a developer has installed.
        if (configuration.GetValue("AppHost:Quiet", false))
        {
            return [];
        }

        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var installed = Directory.Exists(packages)
            ? Directory.EnumerateDirectories(packages, "aspire.dashboard.sdk.*").SelectMany(Directory.EnumerateDirectories)
                .Select(version => Path.Combine(version, "tools", "Aspire.Dashboard.dll")).Where(File.Exists).Order().LastOrDefault()
            : null;
        return installed is not null ? Start(installed) : CommandLookup.Find("aspire") is { } aspire ? [aspire, "dashboard", "run"] : [];
    }

    // The dashboard may ask for another runtime than the one that is here.
    private static string[] Start(string path) =>
        path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? [DotnetHost.Path, "exec", "--roll-forward", "LatestMajor", path] : [path];
}
