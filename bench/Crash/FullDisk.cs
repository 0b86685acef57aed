using System.Net.Http.Json;
using AiInfra.Bench.Memory;

namespace AiInfra.Bench.Crash;

/// <summary>A disk of a few MiB that fills up, and one that is read-only: what the service answers, and whether anything was half written.</summary>
internal static class FullDisk
{
    private const int DiskMiB = 6;
    private const int BatchSize = 200;

    /// <returns>Null where this process may not mount a disk.</returns>
    public static async Task<(int WhenFull, int WhenReadOnly, int Torn, int Missing)?> RunAsync(ServiceTokens tokens, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            return null;
        }

        await using var memory = await MemoryProcess.StartOnSmallDiskAsync(tokens, DiskMiB, cancellationToken);
        using var client = memory.Client("full");
        var (stored, whenFull) = (0, 0);
        for (var batch = 0; batch < 1000 && whenFull == 0; batch++)
        {
            using var response = await client.PostAsJsonAsync(
                "v1/memories/batch", new { memories = Enumerable.Range(0, BatchSize).Select(i => new { text = $"b{batch} of {BatchSize}: sentence {i}." }) }, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                stored += BatchSize;
            }
            else
            {
                whenFull = (int)response.StatusCode;
            }
        }

        var findings = await new CrashLog().CompareAsync(client, cancellationToken);
        return (whenFull, await ReadOnlyAsync(tokens, cancellationToken), findings.TornBatches, stored - findings.Memories);
    }

    private static async Task<int> ReadOnlyAsync(ServiceTokens tokens, CancellationToken cancellationToken)
    {
        await using var memory = await MemoryProcess.StartAsync(tokens, cancellationToken);
        using (var client = memory.Client("full"))
        {
            using var stored = await client.PostAsJsonAsync("v1/memories", new { text = "x" }, cancellationToken);
            stored.EnsureSuccessStatusCode();
        }

        await memory.KillAsync();
        await memory.RestartReadOnlyAsync(cancellationToken);
        using var again = memory.Client("full");
        using var refused = await again.PostAsJsonAsync("v1/memories", new { text = "y" }, cancellationToken);
        return (int)refused.StatusCode;
    }
}
