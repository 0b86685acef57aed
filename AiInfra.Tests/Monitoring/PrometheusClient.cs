using System.Globalization;
using System.Text.Json;

namespace AiInfra.Tests.Monitoring;

/// <summary>Asks a running Prometheus.</summary>
internal sealed class PrometheusClient(Uri address) : IDisposable
{
    private readonly HttpClient _client = new() { BaseAddress = address };

    /// <summary>The value of every series that an expression gives now.</summary>
    public async Task<IReadOnlyList<double>> QueryAsync(string expression, CancellationToken cancellationToken)
    {
        using var response = await _client.PostAsync(
            "/api/v1/query", new FormUrlEncodedContent(new Dictionary<string, string> { ["query"] = expression }), cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{expression}\n{text}");
        using var document = JsonDocument.Parse(text);
        return
        [
            .. document.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
                .Select(series => double.Parse(series.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)),
        ];
    }

    /// <summary>Every target: job, address, and the error of its last scrape (empty when it is up).</summary>
    public async Task<IReadOnlyList<(string Job, string Address, string Error)>> TargetsAsync(CancellationToken cancellationToken)
    {
        using var document = JsonDocument.Parse(await _client.GetStringAsync("/api/v1/targets", cancellationToken));
        return
        [
            .. document.RootElement.GetProperty("data").GetProperty("activeTargets").EnumerateArray().Select(target => (
                target.GetProperty("labels").GetProperty("job").GetString()!,
                target.GetProperty("scrapeUrl").GetString()!,
                target.GetProperty("health").GetString() == "up" ? "" : target.GetProperty("lastError").GetString() is { Length: > 0 } error ? error : "not scraped yet")),
        ];
    }

    /// <summary>The traces of the exemplars that a series has.</summary>
    public async Task<IReadOnlyList<string>> ExemplarTracesAsync(string series, CancellationToken cancellationToken)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        using var document = JsonDocument.Parse(await _client.GetStringAsync($"/api/v1/query_exemplars?query={series}&start={now - 600}&end={now + 60}", cancellationToken));
        return
        [
            .. document.RootElement.GetProperty("data").EnumerateArray()
                .SelectMany(found => found.GetProperty("exemplars").EnumerateArray())
                .Select(exemplar => exemplar.GetProperty("labels").GetProperty("trace_id").GetString()!),
        ];
    }

    /// <summary>Everything that it holds of names and values of labels, as text.</summary>
    public async Task<string> LabelsAsync(CancellationToken cancellationToken) =>
        await _client.GetStringAsync("/api/v1/series?match[]={__name__=~\".%2B\"}", cancellationToken);

    public void Dispose() => _client.Dispose();
}
