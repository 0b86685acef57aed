using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace AiInfra.Bench.Crash;

/// <summary>Asks Chroma itself what it holds, past the memory service.</summary>
internal static class ChromaCount
{
    private const string Collections = "api/v2/tenants/default_tenant/databases/default_database/collections";

    /// <summary>Records of all collections together; -1 while one cannot be counted.</summary>
    public static async Task<int> OfAsync(Uri address, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        try
        {
            var sum = 0;
            foreach (var collection in (await client.GetFromJsonAsync<JsonArray>(Collections, cancellationToken))!)
            {
                sum += await client.GetFromJsonAsync<int>($"{Collections}/{(string)collection!["id"]!}/count", cancellationToken);
            }

            return sum;
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return -1;
        }
    }
}
