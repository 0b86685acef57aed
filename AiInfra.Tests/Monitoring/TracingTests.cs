using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using AiInfra.Tests.Fixtures;
using Aspire.Hosting.Testing;

namespace AiInfra.Tests.Monitoring;

/// <summary>What one call leaves behind in the telemetry of the running platform.</summary>
[Collection(PlatformCollection.Name)]
public sealed class TracingTests(PlatformFixture platform)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task One_trace_leads_from_the_client_through_the_gateway_to_a_replica()
    {
        using var limit = Limited();
        var (trace, spans) = await WholeTraceAsync(
            async client =>
            {
                using var answer = await client.PostAsJsonAsync(
                    "/v1/chat/completions", new { model = platform.Model, max_tokens = 4, messages = new[] { new { role = "user", content = "Hello" } } }, limit.Token);
                Assert.Equal(200, (int)answer.StatusCode);
            },
            spans => spans.Any(span => span.Service == "gateway" && IsTo(span, "vllm0", "vllm1")) && spans.Any(IsEntry),
            limit.Token);

        var entry = spans.Single(IsEntry);
        var toReplica = spans.First(span => IsTo(span, "vllm0", "vllm1"));
        Assert.Equal(ParentOf(trace), entry.Parent);
        Assert.Equal(entry.Id, toReplica.Parent);
        Assert.Equal($"chat {platform.Model}", entry.Name);
        Assert.Equal("chat", entry.Attributes["gen_ai.operation.name"]);
        Assert.Equal("vllm", entry.Attributes["gen_ai.provider.name"]);
        Assert.Equal(platform.Model, entry.Attributes["gen_ai.request.model"]);
        Assert.Equal("4", entry.Attributes["gen_ai.usage.output_tokens"]);
        Assert.Equal("ok", entry.Attributes["aiinfra.gateway.outcome"]);
    }

    [Fact]
    public async Task One_trace_leads_from_the_client_through_gateway_and_memory_into_Chroma()
    {
        using var limit = Limited();
        // Changes that wait together go to Chroma in the trace of the first of them: after a test that left many behind it may take a second try.
        var (trace, spans) = await WholeTraceAsync(
            async client =>
            {
                using var stored = await client.PostAsJsonAsync("/v1/memories", new { text = "The lift is serviced in March." }, limit.Token);
                Assert.Equal(201, (int)stored.StatusCode);
            },
            IsWhole,
            limit.Token);

        Assert.Equal(ParentOf(trace), spans.Single(IsEntry).Parent);

        // Client, gateway, its call to memory, memory, the indexing of what was stored, the call to Chroma: each the child of the one before.
        bool IsWhole(List<OtlpSpan> found) =>
            found.FirstOrDefault(IsEntry) is { } entry
            && found.FirstOrDefault(span => span.Service == "gateway" && span.Parent == entry.Id && IsTo(span, "memory")) is { } toMemory
            && found.FirstOrDefault(span => span.Service == "memory" && span.Parent == toMemory.Id) is { } inMemory
            && found.FirstOrDefault(span => span.Service == "memory" && span.Name == "index" && span.Parent == inMemory.Id) is { } index
            && found.Any(span => span.Parent == index.Id && IsTo(span, "chroma"));
    }

    [Fact]
    public async Task Log_records_carry_the_trace_that_they_belong_to()
    {
        using var limit = Limited();
        var trace = NewTrace();
        using var client = Traced(trace);
        // Again and again: an exporter may drop a batch, and none is owed.
        do
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Host = "elsewhere.example" } };
            using var refused = await client.SendAsync(request, limit.Token);
            Assert.Equal(403, (int)refused.StatusCode);
            await Task.Delay(500, limit.Token);
        }
        while (!platform.Telemetry.Bodies("Logs").SelectMany(OtlpSpan.ReadLogs).Any(record => record == ("gateway", TraceOf(trace))));
    }

    [Fact]
    public async Task A_histogram_in_Prometheus_leads_to_the_trace_of_one_request()
    {
        using var limit = Limited();
        using var prometheus = new PrometheusClient(platform.App.GetEndpoint("prometheus", "http"));
        using var client = platform.CreateClient();

        string[] exemplars;
        do
        {
            using var answer = await client.PostAsJsonAsync(
                "/v1/chat/completions", new { model = platform.Model, max_tokens = 4, messages = new[] { new { role = "user", content = "Hello" } } }, limit.Token);
            await Task.Delay(500, limit.Token);
            exemplars = [.. await prometheus.ExemplarTracesAsync("gen_ai_server_request_duration_seconds_bucket", limit.Token)];
        }
        while (exemplars.Length == 0);

        // The trace of an exemplar is one that was exported: by its spans it can be looked up.
        while (!Spans().Any(span => exemplars.Contains(span.Trace)))
        {
            await Task.Delay(200, limit.Token);
            exemplars = [.. exemplars.Union(await prometheus.ExemplarTracesAsync("gen_ai_server_request_duration_seconds_bucket", limit.Token))];
        }
    }

    // The span with which a call enters the platform: its parent is the client's.
    private static bool IsEntry(OtlpSpan span) => span.Service == "gateway" && span.Parent == Client;

    private bool IsTo(OtlpSpan span, params string[] resources) => resources.Any(resource =>
        span.Attributes.GetValueOrDefault("server.port") == platform.App.GetEndpoint(resource, "http").Port.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private IEnumerable<OtlpSpan> Spans() => platform.Telemetry.Bodies("Trace").SelectMany(OtlpSpan.Read);

    // Again and again, each time in a trace of its own: an exporter may drop a batch, and none is owed.
    private async Task<(string Trace, List<OtlpSpan> Spans)> WholeTraceAsync(
        Func<HttpClient, Task> callAsync, Func<List<OtlpSpan>, bool> isWhole, CancellationToken cancellationToken)
    {
        while (true)
        {
            var trace = NewTrace();
            using var client = Traced(trace);
            await callAsync(client);
            for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(10);)
            {
                await Task.Delay(200, cancellationToken);
                var spans = Spans().Where(span => span.Trace == TraceOf(trace)).DistinctBy(span => span.Id).ToList();
                if (isWhole(spans))
                {
                    return (trace, spans);
                }
            }
        }
    }

    private const string Client = "00f067aa0ba902b7";

    private static string NewTrace() => $"00-{ActivityTraceId.CreateRandom().ToHexString()}-{Client}-01";

    private static string TraceOf(string traceparent) => traceparent.Split('-')[1];

    private static string ParentOf(string traceparent) => traceparent.Split('-')[2];

    private HttpClient Traced(string trace)
    {
        var client = platform.CreateClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("traceparent", trace);
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("tracing-tests", "1"));
        return client;
    }

    private static CancellationTokenSource Limited()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        return limit;
    }
}
