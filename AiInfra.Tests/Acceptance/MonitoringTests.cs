using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AiInfra.AppHost.Monitoring;
using AiInfra.Tests.Fixtures;
using AiInfra.Tests.Monitoring;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace AiInfra.Tests.Acceptance;

/// <summary>Case 2: Prometheus and its rules watch the cluster, health is monitored, performance is measured.</summary>
[Collection(PlatformCollection.Name)]
public sealed class MonitoringTests(PlatformFixture platform)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private Uri Prometheus => platform.App.GetEndpoint("prometheus", "http");

    [Fact]
    public async Task Every_target_answers_and_health_pages_agree()
    {
        using var limit = Limited();
        using var prometheus = new PrometheusClient(Prometheus);
        using var client = new HttpClient();

        IReadOnlyList<(string Job, string Address, string Error)> targets;
        // Prometheus lists its targets some seconds after it says that it is ready.
        while ((targets = await prometheus.TargetsAsync(limit.Token)) is [] || targets.Any(target => target.Error.Length > 0))
        {
            await Task.Delay(500, limit.Token);
        }

        Assert.Equal(
            [JobNames.Alertmanager, JobNames.Gateway, JobNames.Memory, JobNames.Node, JobNames.Prometheus, JobNames.Redis, JobNames.Vllm],
            targets.Select(target => target.Job).Distinct().Order());
        Assert.Equal(2, targets.Count(target => target.Job == JobNames.Vllm));
        foreach (var target in targets.Where(target => target.Job is JobNames.Gateway or JobNames.Memory or JobNames.Vllm))
        {
            using var health = await client.GetAsync(new Uri(new Uri(target.Address), "/health"), limit.Token);
            Assert.Equal(200, (int)health.StatusCode);
        }
    }

    [Fact]
    public async Task Every_expression_of_rules_and_panels_returns_data_under_load()
    {
        using var limit = Limited();
        using var prometheus = new PrometheusClient(Prometheus);

        List<string> missing;
        do
        {
            await LoadAsync(Cancelled);
            missing = [];
            foreach (var (where, expression, silent) in Expressions.All)
            {
                if ((await prometheus.QueryAsync(expression, Cancelled)).Count == 0 && silent is null)
                {
                    missing.Add($"{where}: {expression}");
                }
            }
        }
        while (missing.Count > 0 && !limit.IsCancellationRequested);

        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    [Fact]
    public async Task A_killed_replica_raises_an_alert_that_reaches_people_and_resolves()
    {
        using var limit = Limited();
        var replica = platform.Resources.Single(resource => resource.Name == "vllm1");
        platform.Telemetry.ForgetAlerts();

        await platform.App.ResourceCommands.ExecuteCommandAsync(replica, "stop", limit.Token);
        await platform.Telemetry.WaitForAlertAsync("ReplicaDown", "firing", "vllm1", limit.Token);
        await platform.App.ResourceCommands.ExecuteCommandAsync(replica, "start", limit.Token);
        await platform.Telemetry.WaitForAlertAsync("ReplicaDown", "resolved", "vllm1", limit.Token);
    }

    [Fact]
    public async Task A_hung_memory_service_is_seen()
    {
        using var limit = Limited();
        Assert.True(platform.App.ResourceNotifications.TryGetCurrentState("memory", out var memory));
        var process = memory!.Snapshot.ProcessId!.Value;
        platform.Telemetry.ForgetAlerts();

        Signal("STOP", process);
        try
        {
            await platform.Telemetry.WaitForAlertAsync("MemoryServiceDown", "firing", "", limit.Token);
        }
        finally
        {
            Signal("CONT", process);
        }

        await platform.Telemetry.WaitForAlertAsync("MemoryServiceDown", "resolved", "", limit.Token);
    }

    [Fact]
    public async Task Nothing_that_callers_write_appears_in_logs_metrics_or_spans()
    {
        using var limit = Limited();
        using var client = platform.CreateClient();
        string[] markers = [.. new[] { "prompt", "memory", "question", "key", "model", "session" }.Select(kind => $"planted{kind}{Guid.NewGuid():N}")];
        // A token is secret as a whole: nothing of it is readable, and none of it may be kept.
        var token = string.Join('.', new[] { """{"alg":"ES256","typ":"JWT"}""", $$"""{"sub":"planted{{Guid.NewGuid():N}}"}""", new string('s', 64) }
            .Select(part => Convert.ToBase64String(Encoding.UTF8.GetBytes(part)).TrimEnd('=')));
        string[] secrets = [.. markers, platform.ApiKey, platform.AdminKey, token];
        foreach (var marker in secrets)
        {
            platform.Telemetry.Forbid(marker);
        }

        var before = platform.Telemetry.Exports("Trace");
        await ChatAsync(client, markers[0], limit.Token);
        using var unknown = await client.PostAsJsonAsync("/v1/chat/completions", new { model = markers[4], messages = new[] { new { role = "user", content = markers[0] } } }, limit.Token);
        using var stored = await client.PostAsJsonAsync("/v1/memories", new { text = $"The build server is called {markers[1]}.", sessionId = markers[5] }, limit.Token);
        using var found = await client.PostAsJsonAsync("/v1/memories/search", new { query = markers[2], limit = 3 }, limit.Token);
        using var listed = await client.GetAsync($"/v1/memories?sessionId={markers[5]}", limit.Token);
        using var stranger = platform.CreateClient();
        stranger.DefaultRequestHeaders.Authorization = new("Bearer", $"sk-{markers[3]}");
        using var refused = await stranger.GetAsync("/v1/models", limit.Token);
        stranger.DefaultRequestHeaders.Authorization = new("Bearer", token);
        using var forged = await stranger.GetAsync("/v1/models", limit.Token);

        Assert.Equal(404, (int)unknown.StatusCode);
        Assert.Equal(201, (int)stored.StatusCode);
        Assert.Equal(200, (int)found.StatusCode);
        Assert.Equal(200, (int)listed.StatusCode);
        Assert.Equal(401, (int)refused.StatusCode);
        Assert.Equal(401, (int)forged.StatusCode);
        foreach (var error in new[] { unknown, refused, forged })
        {
            var body = await error.Content.ReadAsStringAsync(limit.Token);
            // The model's name is the caller's own word to it, as OpenAI answers it; what is secret is not said again.
            Assert.All(secrets.Where(secret => secret != markers[4]), secret => Assert.DoesNotContain(secret, body, StringComparison.Ordinal));
        }

        // Spans leave in batches, and only while there are new ones: the last batch of interest is followed by a later one.
        while (platform.Telemetry.Exports("Trace") < before + 4)
        {
            await ChatAsync(client, markers[0], limit.Token);
            await Task.Delay(500, limit.Token);
        }

        Assert.Empty(platform.Telemetry.Leaks);
        using var prometheus = new PrometheusClient(Prometheus);
        var labels = await prometheus.LabelsAsync(limit.Token);
        string[] logs = [.. platform.Resources.OfType<ExecutableResource>().Select(resource => platform.Log(resource.Name, 10_000))];
        Assert.Contains(logs, log => log.Length > 0);
        foreach (var marker in secrets)
        {
            Assert.DoesNotContain(marker, labels, StringComparison.Ordinal);
            Assert.All(logs, log => Assert.DoesNotContain(marker, log, StringComparison.Ordinal));
        }
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        using var client = platform.CreateClient();
        for (var i = 0; i < 12; i++)
        {
            await ChatAsync(client, $"Question {i}", cancellationToken);
        }

        using var stored = await client.PostAsJsonAsync("/v1/memories", new { text = "Ada builds the nightly release." }, cancellationToken);
        using var found = await client.PostAsJsonAsync("/v1/memories/search", new { query = "Who builds the release?", limit = 3 }, cancellationToken);
        Assert.Equal(201, (int)stored.StatusCode);
        Assert.Equal(200, (int)found.StatusCode);
        var memory = await stored.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        using var deleted = await client.DeleteAsync($"/v1/memories/{memory.GetProperty("id").GetString()}", cancellationToken);
    }

    private async Task ChatAsync(HttpClient client, string prompt, CancellationToken cancellationToken)
    {
        using var answer = await client.PostAsJsonAsync(
            "/v1/chat/completions",
            new
            {
                model = platform.Model,
                messages = new[] { new { role = "user", content = prompt } },
                max_tokens = 8,
                stream = true,
                stream_options = new { include_usage = true },
            },
            cancellationToken);
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Contains("[DONE]", await answer.Content.ReadAsStringAsync(cancellationToken), StringComparison.Ordinal);
    }

    private static void Signal(string name, int process)
    {
        using var kill = Process.Start("kill", [$"-{name}", process.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static CancellationTokenSource Limited()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(Limit);
        return limit;
    }
}
