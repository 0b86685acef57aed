using System.Net;
using System.Net.NetworkInformation;
using System.Text.RegularExpressions;
using AiInfra.AppHost.State;
using AiInfra.Tests.Fixtures;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.Tests.AppHost;

[Collection(PlatformCollection.Name)]
public sealed partial class PlatformTests(PlatformFixture platform)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_service_of_the_platform_answers()
    {
        using var client = new HttpClient();

        foreach (var address in new[]
        {
            new Uri(platform.GatewayInternal, "/health"), new Uri(platform.Memory, "/health"), new Uri(platform.Chroma, "/api/v2/heartbeat"),
        })
        {
            using var response = await client.GetAsync(address, Cancelled);
            Assert.Equal(200, (int)response.StatusCode);
        }
    }

    [Fact]
    public async Task The_gateway_sees_what_Aspire_would_give_it()
    {
        var seen = await EnvironmentOfAsync("gateway");
        var port = platform.Gateway.Port;
        var redis = await platform.App.GetConnectionStringAsync("redis", Cancelled);
        var secrets = new[] { "Admin__Key", "Tokens__SigningKey", "Gateway__Models__0__ApiKey", "Gateway__Keys__0__Key", "ConnectionStrings__redis" };
        var expected = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = $"http://localhost:{port}",
            ["Listeners__Internal__Port"] = $"{platform.GatewayInternal.Port}",
            ["Listeners__Admin__Port"] = $"{platform.GatewayAdmin.Port}",
            ["DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION"] = "true",
            ["LOGGING__CONSOLE__FORMATTERNAME"] = "simple",
            ["OTEL_SERVICE_NAME"] = "gateway",
            ["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "in_memory",
            ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "false",
            ["OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION"] = "false",
            ["OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION"] = "false",
            ["ConnectionStrings__redis"] = redis!,
            ["services__memory__http__0"] = platform.Memory.GetLeftPart(UriPartial.Authority),
            ["MEMORY_HTTP"] = platform.Memory.GetLeftPart(UriPartial.Authority),
            ["services__vllm__http__0"] = platform.App.GetEndpoint("vllm0").GetLeftPart(UriPartial.Authority),
            ["services__vllm__http__1"] = platform.App.GetEndpoint("vllm1").GetLeftPart(UriPartial.Authority),
            ["Gateway__Models__0__Name"] = platform.Model,
            ["Gateway__Models__0__Service"] = "vllm",
            ["Gateway__Keys__0__Id"] = "local",
            ["Gateway__Keys__0__Key"] = platform.ApiKey,
            ["Gateway__Keys__0__Tenant"] = "default",
            ["Gateway__Keys__0__User"] = "local",
            ["Admin__Key"] = platform.AdminKey,
        };

        Assert.Matches("^service\\.instance\\.id=[a-z]{8}$", seen["OTEL_RESOURCE_ATTRIBUTES"]);
        Assert.All(secrets, name => Assert.NotEmpty(seen[name]));
        Assert.Equal(expected.OrderBy(one => one.Key, StringComparer.Ordinal), seen.Where(one => expected.ContainsKey(one.Key)).OrderBy(one => one.Key, StringComparer.Ordinal));
        Assert.DoesNotContain("ASPNETCORE_ENVIRONMENT", seen.Keys);
    }

    [Fact]
    public async Task Every_variable_that_Aspire_gives_a_service_is_there_with_the_same_value()
    {
        // Recorded from the same AppHost.cs under Aspire (docs/aspire.md says which): SERVICE NAME=VALUE, with ports, paths and secrets left open.
        var recorded = await File.ReadAllLinesAsync(Path.Combine(RepositoryPaths.Root, "AiInfra.Tests", "AppHost", "aspire-environment.txt"), Cancelled);
        var state = platform.App.Services.GetRequiredService<StateFolder>().Path;
        var seen = new HashSet<string>();
        foreach (var name in recorded.Select(line => line.Split(' ')[0]).Distinct())
        {
            seen.UnionWith((await EnvironmentOfAsync(name)).Select(one => $"{name} {one.Key}={Open(one.Key, one.Value, state)}"));
        }

        Assert.True(recorded.Length > 50);
        Assert.DoesNotContain(recorded, line => !seen.Contains(line));
    }

    [Fact]
    public async Task The_memory_service_finds_chroma_and_the_keys_of_service_tokens()
    {
        var seen = await EnvironmentOfAsync("memory");

        Assert.Equal($"Endpoint={platform.Chroma.GetLeftPart(UriPartial.Authority)}", seen["ConnectionStrings__chroma"]);
        Assert.Equal(platform.Chroma.GetLeftPart(UriPartial.Authority), seen["CHROMA_URI"]);
        Assert.Equal(platform.GatewayInternal.GetLeftPart(UriPartial.Authority), seen["services__gateway__internal__0"]);
        Assert.Equal("false", seen["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"]);
    }

    [Fact]
    public void Nothing_listens_beyond_loopback()
    {
        var ports = platform.App.Services.GetRequiredService<IResourceCollection>().SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>())
            .Select(endpoint => endpoint.AllocatedEndpoint!.Port).ToHashSet();

        var listeners = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(listener => ports.Contains(listener.Port)).ToList();

        Assert.True(ports.Count >= 8 && ports.IsSubsetOf(listeners.Select(listener => listener.Port)));
        Assert.All(listeners, listener => Assert.True(IPAddress.IsLoopback(listener.Address), $"{listener}"));
    }

    [Fact]
    public async Task No_password_stands_among_the_arguments_of_a_process()
    {
        var secrets = new List<string>();
        foreach (var secret in platform.App.Services.GetRequiredService<IResourceCollection>().OfType<ParameterResource>().Where(parameter => parameter.Secret))
        {
            secrets.Add((await secret.GetValueAsync(Cancelled))!);
        }

        foreach (var name in new[] { "redis", "chroma", "gateway", "memory", "vllm0" })
        {
            var arguments = await File.ReadAllTextAsync($"/proc/{ProcessOf(name)}/cmdline", Cancelled);
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, arguments, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Traces_metrics_and_logs_arrive_at_an_OTLP_receiver()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var client = platform.CreateClient();

        while (new[] { "Trace", "Metrics", "Logs" }.Any(kind => platform.Telemetry.Exports(kind) == 0))
        {
            using var response = await client.GetAsync(new Uri("/v1/models", UriKind.Relative), limit.Token);
            await Task.Delay(200, limit.Token);
        }
    }

    private static string Open(string name, string value, string state) =>
        name.EndsWith("Key", StringComparison.OrdinalIgnoreCase) || name.EndsWith("Pepper", StringComparison.Ordinal) || name.EndsWith("Secret", StringComparison.Ordinal)
            ? "{secret}"
            : Figures().Replace(value.Replace(state, "{state}", StringComparison.Ordinal).Replace(RepositoryPaths.Root, "{root}", StringComparison.Ordinal), "{open}");

    [GeneratedRegex(@"(?<=localhost:|password=|service\.instance\.id=)[0-9a-z]+|^[0-9]{4,5}$")]
    private static partial Regex Figures();

    private int ProcessOf(string name) =>
        platform.App.ResourceNotifications.TryGetCurrentState(name, out var update) ? update!.Snapshot.ProcessId!.Value : throw new ArgumentException(name);

    private async Task<Dictionary<string, string>> EnvironmentOfAsync(string name) =>
        (await File.ReadAllTextAsync($"/proc/{ProcessOf(name)}/environ", Cancelled)).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(entry => entry.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts[1]);
}
