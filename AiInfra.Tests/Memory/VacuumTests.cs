using AiInfra.MemoryService.Lifecycle;
using AiInfra.MemoryService.Memories;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AiInfra.Tests.Memory;

public sealed class VacuumTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_with_holes_is_written_anew_and_one_without_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        await using var memory = new InProcessMemory(options => options.DataFolder = folder.At("memory"));
        using var worker = new VacuumWorker(memory.Databases, Options.Create(new LifecycleOptions()), memory.Time, NullLogger<VacuumWorker>.Instance);
        var caller = InProcessMemory.Caller("ann");
        var stored = await memory.Store.StoreAsync(caller, [.. Enumerable.Range(0, 400).Select(i => new CreateMemoryRequest($"Memory {i} of the garden."))], null, Cancelled);
        await memory.Databases.Of(caller.Tenant).WriteOutLogAsync(Cancelled);
        Assert.Equal(0, await worker.VacuumAsync(Cancelled));

        foreach (var one in stored.Memories.Skip(1))
        {
            await memory.Store.DeleteAsync(caller, one.Id, null, Cancelled);
        }

        await memory.Databases.Of(caller.Tenant).WriteOutLogAsync(Cancelled);
        var before = Size();
        Assert.Equal(1, await worker.VacuumAsync(Cancelled));
        Assert.InRange(Size(), 1, before / 2);
        Assert.Equal(0, await worker.VacuumAsync(Cancelled));
        Assert.Equal(stored.Memories[0].Id, memory.Store.List(caller, null, null, 10).Memories.Single().Id);

        long Size() => new FileInfo(Directory.EnumerateFiles(folder.At("memory"), "*.memories.db").Single()).Length;
    }
}
