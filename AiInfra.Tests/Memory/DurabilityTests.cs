using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Lifecycle;
using AiInfra.MemoryService.Memories;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AiInfra.Tests.Memory;

/// <summary>What a disk is told, and what happens when it refuses.</summary>
public sealed class DurabilityTests : IAsyncLifetime
{
    private static readonly Caller Ann = InProcessMemory.Caller("ann");

    private readonly InProcessMemory _memory;

    public DurabilityTests()
    {
        DiskShim.Install();
        _memory = new InProcessMemory(options => DiskShim.Folder = options.DataFolder);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_acknowledged_batch_was_synced_before_it_was_acknowledged()
    {
        await StoreAsync("first");
        for (var i = 0; i < 20; i++)
        {
            var before = DiskShim.Syncs;
            await StoreAsync($"a-{i}", $"b-{i}", $"c-{i}");
            // One for the log of the batch; now and then a checkpoint's.
            Assert.InRange(DiskShim.Syncs - before, 1, 4);
        }

        var start = DiskShim.Syncs;
        await Task.WhenAll(Enumerable.Range(0, 64).Select(i => StoreAsync($"together-{i}")));
        Assert.InRange(DiskShim.Syncs - start, 1, 64 + 4);
    }

    [Theory]
    [InlineData(DiskShim.Full, StatusCodes.Status507InsufficientStorage)]
    [InlineData(10, StatusCodes.Status503ServiceUnavailable)]
    [InlineData(8, StatusCodes.Status503ServiceUnavailable)]
    public async Task A_disk_that_is_full_or_broken_or_read_only_refuses_clearly_and_leaves_nothing_half_written(int refusal, int status)
    {
        await StoreAsync("before");
        DiskShim.RefuseWrites = refusal;
        var problem = await Assert.ThrowsAsync<SqliteException>(() => StoreAsync("x-1", "x-2", "x-3"));
        DiskShim.RefuseWrites = 0;
        await StoreAsync("after");

        Assert.Equal(status, await AnswerAsync(problem));
        Assert.Equal(["after", "before"], _memory.Store.List(Ann, null, null, 10).Memories.Select(memory => memory.Text).Order());
        Assert.Single(await FindAsync("after"));
        Assert.Empty(await FindAsync("x-1"));
    }

    [Fact]
    public async Task What_could_not_be_synced_is_not_acknowledged()
    {
        await StoreAsync("before");
        DiskShim.RefuseSyncs = DiskShim.FsyncError;
        var problem = await Assert.ThrowsAsync<SqliteException>(() => StoreAsync("unsynced"));
        DiskShim.RefuseSyncs = 0;
        await StoreAsync("after");

        Assert.Equal(StatusCodes.Status503ServiceUnavailable, await AnswerAsync(problem));
        Assert.Equal(["after", "before"], _memory.Store.List(Ann, null, null, 10).Memories.Select(memory => memory.Text).Order());
        Assert.Empty(await FindAsync("unsynced"));
    }

    [Fact]
    public async Task A_disk_without_room_for_a_file_written_anew_keeps_the_file_as_it_was()
    {
        await StoreAsync("before", "gone");
        await _memory.Store.DeleteAsync(Ann, _memory.Store.List(Ann, null, null, 10).Memories.Single(memory => memory.Text == "gone").Id, null, Cancelled);
        using var worker = new VacuumWorker(
            _memory.Databases, Options.Create(new LifecycleOptions { VacuumAbove = 0 }), TimeProvider.System, NullLogger<VacuumWorker>.Instance);
        DiskShim.RefuseWrites = DiskShim.Full;
        Assert.Equal(0, await worker.VacuumAsync(Cancelled));
        DiskShim.RefuseWrites = 0;
        Assert.Equal("before", _memory.Store.List(Ann, null, null, 10).Memories.Single().Text);
        Assert.Equal(1, await worker.VacuumAsync(Cancelled));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        (DiskShim.RefuseWrites, DiskShim.RefuseSyncs, DiskShim.Folder) = (0, 0, "");
        await _memory.DisposeAsync();
    }

    private Task<StoreResult> StoreAsync(params string[] texts) =>
        _memory.Store.StoreAsync(Ann, [.. texts.Select(text => new CreateMemoryRequest(text))], null, Cancelled);

    private async Task<IEnumerable<string>> FindAsync(string text) =>
        (await _memory.Search.SearchAsync(Ann, text, MemoryService.Search.Ranking.Hybrid, MemoryService.Search.SearchFilter.None, 10, Cancelled))
            .Select(hit => hit.Memory.Text).Where(found => found == text);

    private static async Task<int> AnswerAsync(Exception problem)
    {
        var services = new ServiceCollection().AddLogging().AddProblemDetails().BuildServiceProvider();
        await using var _ = services;
        var context = new DefaultHttpContext { RequestServices = services };
        Assert.True(await new StorageExceptionHandler(services.GetRequiredService<IProblemDetailsService>()).TryHandleAsync(context, problem, Cancelled));
        return context.Response.StatusCode;
    }
}
