using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiInfra.AppHost.Planning;
using AiInfra.MemoryService.Storage;
using AiInfra.Tests.Documents;
using AiInfra.Tests.Fixtures;
using Aspire.Hosting.ApplicationModel;

namespace AiInfra.Tests.Acceptance;

/// <summary>Case 4: the storage plan, the network strategy and the matrix, each against the running platform or what it is generated from.</summary>
[Collection(PlatformCollection.Name)]
public sealed class ResourceOptimizationTests(PlatformFixture platform)
{
    private const int Memories = 300;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_stored_lies_where_the_plan_says_and_grows_no_faster()
    {
        using var client = platform.CreateClient();
        var folder = await EnvironmentAsync("memory", "Memory__DataFolder");
        var before = UsedBytes(folder);
        var random = new Random(11);
        using var stored = await client.PostAsJsonAsync("/v1/memories/batch", new
        {
            memories = Enumerable.Range(0, Memories).Select(number => new { text = $"Note {number}: room {random.Next(1000)} is booked on day {random.Next(365)}." }),
        }, Cancelled);
        Assert.True(stored.IsSuccessStatusCode, await stored.Content.ReadAsStringAsync(Cancelled));
        var growth = (UsedBytes(folder) - before) / (double)Memories;

        // These memories are shorter than those of the plan's figure.
        Assert.InRange(growth, 500, PlannedBytes());
        foreach (var memory in (await stored.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["memories"]!.AsArray())
        {
            using var deleted = await client.DeleteAsync($"/v1/memories/{memory!["id"]}", Cancelled);
        }
    }

    [Fact]
    public async Task Connections_are_kept_and_streams_are_never_compressed()
    {
        using var client = platform.CreateClient();
        client.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("br"));
        client.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        const int Calls = 40;
        var before = await ConnectionsAsync();
        for (var call = 0; call < Calls; call++)
        {
            using var answer = await client.PostAsJsonAsync("/v1/chat/completions", new
            {
                model = platform.Model,
                stream = true,
                max_tokens = 2,
                messages = new[] { new { role = "user", content = $"Call {call}" } },
            }, Cancelled);
            Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
            Assert.Empty(answer.Content.Headers.ContentEncoding);
            Assert.Contains("[DONE]", await answer.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        }

        // Connections from the gateway to whatever it calls that were closed meanwhile: far fewer than there were calls.
        Assert.InRange(await ConnectionsAsync() - before, 0, Calls / 2);
    }

    [Fact]
    public void The_matrix_is_what_the_planner_says_of_the_reference_sites()
    {
        const string Matrix = "docs/resource-allocation-matrix.md";
        var text = DocumentChecks.Text(Matrix);

        Assert.Empty(DocumentChecks.Problems(Matrix, text));
        foreach (var site in AiInfra.AppHost.Documents.ReferenceSite.All.Where(site => site.Plan is not null))
        {
            var (output, errors) = (new StringWriter(), new StringWriter());
            Assert.Equal(0, PlanCommand.Run([.. site.Plan!, "--format", "json"], output, errors));
            Assert.Equal("", errors.ToString());
            var plan = JsonNode.Parse(output.ToString())!;
            Assert.Equal("starts", (string)plan["verdict"]!);
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"| tokens | {(long)plan["cache"]!["cacheTokens"]!:N0} |"), text, StringComparison.Ordinal);
        }
    }

    // "| Bytes of one memory … | 5,900 | …" in the storage plan.
    private static double PlannedBytes() => DocumentChecks.Text("docs/storage-optimization-plan.md").Split('\n')
        .Where(line => line.StartsWith("| Bytes of one memory", StringComparison.Ordinal))
        .Select(line => double.Parse(line.Split('|')[2].Replace(",", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)).Single();

    private async Task<double> ConnectionsAsync()
    {
        using var scraper = new HttpClient();
        return (await scraper.GetStringAsync(new Uri(platform.GatewayInternal, "/metrics"), Cancelled)).Split('\n')
            .Where(line => line.StartsWith("http_client_connection_duration_seconds_count", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture));
    }

    private async Task<string> EnvironmentAsync(string resource, string variable)
    {
        var process = platform.Resources.OfType<ExecutableResource>().Single(one => one.Name == resource);
        Assert.True(platform.App.ResourceNotifications.TryGetCurrentState(process.Name, out var state));
        var environment = await File.ReadAllTextAsync($"/proc/{state!.Snapshot.ProcessId}/environ", Cancelled);
        return environment.Split('\0').Single(entry => entry.StartsWith($"{variable}=", StringComparison.Ordinal))[(variable.Length + 1)..];
    }

    // Pages in use as a reader sees them: how much of them the log still holds is SQLite's affair.
    private static long UsedBytes(string folder) => Directory.GetFiles(folder, "*.db", SearchOption.AllDirectories).Sum(file =>
    {
        using var connection = SqliteConnections.Open(file, readOnly: true);
        return (connection.Number("PRAGMA page_count") - connection.Number("PRAGMA freelist_count")) * connection.Number("PRAGMA page_size");
    });
}
