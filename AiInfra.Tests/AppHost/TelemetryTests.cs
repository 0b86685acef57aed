using Aspire.Hosting;
using Aspire.Hosting.Testing;

namespace AiInfra.Tests.AppHost;

public sealed class TelemetryTests : EngineTest
{
    [Fact]
    public async Task A_dashboard_on_this_machine_is_started_as_viewer_and_services_send_to_it()
    {
        // A stand-in that says what it was given: the real one is not everywhere.
        var dashboard = Path.Combine(Folder, "dashboard.sh");
        await File.WriteAllTextAsync(dashboard, "#!/bin/sh\nenv; echo end; exec sleep 600\n", Cancelled);
#pragma warning disable CA1416 // The stand-in is a shell script: this test has no meaning on Windows.
        File.SetUnixFileMode(dashboard, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
#pragma warning restore CA1416
        Builder.Configuration["AppHost:DashboardPath"] = dashboard;
        AddScript("service", "env; echo end").WithOtlpExporter();
        var app = await StartAsync();
        await LineAsync(app, "dashboard", line => line == "end");
        await LineAsync(app, "service", line => line == "end");

        var (viewer, service) = (Variables(app, "dashboard"), Variables(app, "service"));
        Assert.Equal(app.GetEndpoint("dashboard").GetLeftPart(UriPartial.Authority), viewer["ASPNETCORE_URLS"]);
        Assert.Equal(app.GetEndpoint("dashboard", "otlp").GetLeftPart(UriPartial.Authority), viewer["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"]);
        Assert.Equal(viewer["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"], service["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.Equal("grpc", service["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        Assert.Equal($"x-otlp-api-key={viewer["DASHBOARD__OTLP__PRIMARYAPIKEY"]}", service["OTEL_EXPORTER_OTLP_HEADERS"]);
        Assert.Equal("service", service["OTEL_SERVICE_NAME"]);
        Assert.Equal("BrowserToken", viewer["DASHBOARD__FRONTEND__AUTHMODE"]);
        Assert.Equal("true", viewer["ASPIRE_DASHBOARD_TELEMETRY_OPTOUT"]);
    }

    private static Dictionary<string, string> Variables(DistributedApplication app, string name) =>
        LinesOf(app, name).Where(line => line.Contains('=', StringComparison.Ordinal)).Select(line => line.Split('=', 2))
            .DistinctBy(parts => parts[0]).ToDictionary(parts => parts[0], parts => parts[1]);
}
