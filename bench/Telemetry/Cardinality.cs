using System.Net.Http.Headers;
using System.Text;
using AiInfra.Bench.Overhead;
using AiInfra.Bench.Running;
using AiInfra.Gateway;

namespace AiInfra.Bench.Telemetry;

/// <summary>Counts the series of a gateway with eight replicas after so many tenants have called it.</summary>
internal static class Cardinality
{
    private const int Replicas = 8;
    private const int Models = 2;

    /// <returns>Series of the whole exposition, by metric name.</returns>
    public static async Task<Dictionary<string, int>> MeasureAsync(int stub, int tenants, CancellationToken cancellationToken)
    {
        var (open, inside) = (OverheadTarget.FreePort(), OverheadTarget.FreePort());
        string[] models = [.. Enumerable.Range(0, Models).SelectMany(model => new[]
        {
            $"--Gateway:Models:{model}:Name=model{model}", $"--Gateway:Models:{model}:ServedName=tiny", $"--Gateway:Models:{model}:Service=pool{model}",
        })];
        // One stub behind eight names of itself: to the gateway an address is a replica.
        string[] replicas = [.. Enumerable.Range(0, Replicas).Select(replica =>
            $"--services:pool{replica % Models}:http:{replica / Models}=http://127.0.0.{(replica / Models) + 1}:{stub}")];
        string[] keys = [.. Enumerable.Range(0, tenants).SelectMany(tenant => new[]
        {
            $"--Gateway:Keys:{tenant}:Id=key{tenant}", $"--Gateway:Keys:{tenant}:Key={KeyOf(tenant)}", $"--Gateway:Keys:{tenant}:Tenant=tenant{tenant}",
        })];
        await using var app = GatewayApp.Build(
        [
            $"--urls=http://127.0.0.1:{open}", $"--Listeners:Internal:Port={inside}", $"--Listeners:Admin:Port={OverheadTarget.FreePort()}",
            "--Logging:LogLevel:Default=None", "--Logging:LogLevel:Microsoft.AspNetCore=None", .. models, .. replicas, .. keys,
        ]);
        await app.StartAsync(cancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{open}") };
        await ReadyAsync(client, cancellationToken);
        for (var tenant = 0; tenant < tenants; tenant++)
        {
            for (var model = 0; model < Models; model++)
            {
                await ChatAsync(client, tenant, $"model{model}", cancellationToken);
            }

            await ChatAsync(client, tenant, "unknown", cancellationToken);
        }

        using var scraper = new HttpClient();
        var text = await scraper.GetStringAsync(new Uri($"http://127.0.0.1:{inside}/metrics"), cancellationToken);
        await app.StopAsync(cancellationToken);
        return text.Split('\n').Where(line => line.Length > 0 && line[0] != '#').GroupBy(line => line[..line.IndexOfAny(['{', ' '])])
            .ToDictionary(name => name.Key, name => name.Count());
    }

    private static async Task ReadyAsync(HttpClient client, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            if (await ChatAsync(client, 0, "model0", cancellationToken) == 200)
            {
                return;
            }

            await Task.Delay(100, cancellationToken);
        }

        throw new BenchException("The gateway did not find its replicas.");
    }

    private static async Task<int> ChatAsync(HttpClient client, int tenant, string model, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent($$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{tenant}}"}],"max_tokens":4}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", KeyOf(tenant));
        using var response = await client.SendAsync(request, cancellationToken);
        return (int)response.StatusCode;
    }

    private static string KeyOf(int tenant) => $"sk-bench-tenant-{tenant:d8}";
}
