using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace AiInfra.Bench.Limits;

/// <summary>How soon a key that one gateway process revokes is refused by the other, while both are under load.</summary>
internal static class Revocations
{
    public const int Count = 9;

    /// <returns>Milliseconds, in ascending order.</returns>
    public static async Task<double[]> RunAsync(Platform platform, CancellationToken cancellationToken)
    {
        using var admin = new HttpClient { BaseAddress = platform.Admins[0] };
        admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Platform.AdminKey);
        using var client = new HttpClient { BaseAddress = platform.Addresses[1] };
        var times = new double[Count];
        for (var i = 0; i < Count; i++)
        {
            using var response = await admin.PostAsJsonAsync("/admin/keys", new { tenant = "others" }, cancellationToken);
            var created = JsonNode.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellationToken))!;
            var key = (string)created["key"]!;
            while (!await IsLetInAsync(client, key, cancellationToken))
            {
                await Task.Delay(5, cancellationToken);
            }

            var started = Stopwatch.GetTimestamp();
            using var revoked = await admin.DeleteAsync($"/admin/keys/{created["details"]!["id"]}", cancellationToken);
            while (await IsLetInAsync(client, key, cancellationToken))
            {
            }

            times[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        Array.Sort(times);
        return times;
    }

    private static async Task<bool> IsLetInAsync(HttpClient client, string key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await client.SendAsync(request, cancellationToken);
        return response.IsSuccessStatusCode;
    }
}
