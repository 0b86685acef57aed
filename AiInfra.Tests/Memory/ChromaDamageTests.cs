using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace AiInfra.Tests.Memory;

/// <summary>What happens to Chroma's files happens to a copy: searches go on, and the index is made anew from the records.</summary>
public sealed class ChromaDamageTests
{
    private const int Memories = 120;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_folder_deleted_under_the_running_server_is_written_again()
    {
        await using var stage = await ChromaStage.StartAsync();
        await using var memory = await stage.StartMemoryAsync();
        using var client = memory.Client();
        await FillAsync(stage, client);

        foreach (var entry in new DirectoryInfo(stage.ChromaFolder).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo folder)
            {
                folder.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }

        await AskAsync(client);
        await stage.KillChromaAsync();
        await AskAsync(client);
        await stage.StartChromaAsync();
        await HealsAsync(stage, memory, client);
    }

    [Fact]
    public async Task A_truncated_index_file_is_written_again()
    {
        await using var stage = await ChromaStage.StartAsync();
        // A small threshold, so that there are index files to damage.
        await using var memory = await stage.StartMemoryAsync(("Chroma__SyncThreshold", "50"));
        using var client = memory.Client();
        await FillAsync(stage, client);

        await WaitUntil.TrueAsync(() => Task.FromResult(IndexFiles(stage).Count > 0), Cancelled);
        foreach (var path in IndexFiles(stage))
        {
            using var file = File.OpenWrite(path);
            file.SetLength(file.Length / 3);
        }

        await AskAsync(client);
        await stage.KillChromaAsync();
        await stage.StartChromaAsync();
        await HealsAsync(stage, memory, client);
    }

    private static List<string> IndexFiles(ChromaStage stage) =>
        [.. Directory.EnumerateFiles(stage.ChromaFolder, "data_level0.bin", SearchOption.AllDirectories).Where(path => new FileInfo(path).Length > 0)];

    private static async Task FillAsync(ChromaStage stage, HttpClient client)
    {
        // In several steps: the index files are written between them.
        foreach (var step in Enumerable.Range(0, Memories).Chunk(Memories / 4))
        {
            using var response = await client.PostAsJsonAsync("v1/memories/batch", new { memories = step.Select(i => new { text = $"Crate {i} stands in aisle {i * 7}." }) }, Cancelled);
            response.EnsureSuccessStatusCode();
            await WaitUntil.TrueAsync(async () => await stage.CountAsync() == step[^1] + 1, Cancelled);
        }
    }

    private static async Task HealsAsync(ChromaStage stage, MemoryServer memory, HttpClient client)
    {
        await WaitUntil.TrueAsync(
            async () =>
            {
                await AskAsync(client);
                return await stage.CountAsync() == Memories && await memory.HealthAsync(Cancelled) == "Healthy";
            },
            Cancelled);
    }

    private static async Task AskAsync(HttpClient client)
    {
        using var response = await client.PostAsJsonAsync("v1/memories/search", new { query = "In which aisle is crate 77?", limit = 1 }, Cancelled);
        response.EnsureSuccessStatusCode();
        var found = (await response.Content.ReadFromJsonAsync<JsonObject>(Cancelled))!["results"]![0]!["memory"]!["text"];
        Assert.Equal("Crate 77 stands in aisle 539.", (string?)found);
    }
}
