using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.Tests.Memory;

namespace AiInfra.Tests.Identity;

/// <summary>A caller whose policy grants some domains sees and changes nothing of the others.</summary>
public sealed class DomainTests
{
    private static readonly Caller Ann = new("acme", "ann", "key-of-ann");
    private static readonly Caller Coder = Ann with { Domains = new HashSet<string> { "code" } };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Memories_of_other_domains_are_not_there()
    {
        await using var memory = new InProcessMemory();
        var code = await memory.StoreAsync(Ann, new CreateMemoryRequest("The build server runs tests at night.", Domain: "code"), Cancelled);
        var secret = await memory.StoreAsync(Ann, new CreateMemoryRequest("The build server's password is on the blue card.", Domain: "electronics"), Cancelled);

        Assert.Equal([code.Id], memory.Store.List(Coder, null, null, 10).Memories.Select(found => found.Id));
        Assert.Equal((true, false), (memory.Store.Find(Coder, code.Id) is not null, memory.Store.Find(Coder, secret.Id) is not null));
        Assert.Empty(memory.Store.History(Coder, secret.Id));
        var found = await memory.Search.SearchAsync(Coder, "build server password", Ranking.Hybrid, SearchFilter.None, 10, Cancelled);
        Assert.Equal([code.Id], found.Select(hit => hit.Memory.Id));
        Assert.Null(await memory.Search.SimilarAsync(Coder, secret.Id, 10, Cancelled));
        Assert.Empty((await memory.Search.SimilarAsync(Coder, code.Id, 10, Cancelled))!);
        Assert.Equal(StoreOutcome.NotFound, await memory.Store.DeleteAsync(Coder, secret.Id, null, Cancelled));
        Assert.Equal(StoreOutcome.NotFound, (await memory.Store.UpdateAsync(Coder, secret.Id, new UpdateMemoryRequest("x"), null, Cancelled)).Outcome);
        Assert.Equal(2, memory.Store.List(Ann, null, null, 10).Memories.Count);
    }

    [Fact]
    public async Task Nothing_is_written_to_other_domains()
    {
        await using var memory = new InProcessMemory();
        var secret = await memory.StoreAsync(Ann, new CreateMemoryRequest("An old fact.", Domain: "electronics"), Cancelled);
        var code = await memory.StoreAsync(Coder, new CreateMemoryRequest("The linter is strict.", Domain: "code"), Cancelled);

        await Assert.ThrowsAsync<DomainDeniedException>(() => memory.StoreAsync(Coder, new CreateMemoryRequest("A fact.", Domain: "website"), Cancelled));
        await Assert.ThrowsAsync<DomainDeniedException>(() => memory.StoreAsync(Coder, new CreateMemoryRequest("A fact."), Cancelled));
        await Assert.ThrowsAsync<DomainDeniedException>(() => memory.Store.UpdateAsync(Coder, code.Id, new UpdateMemoryRequest(Domain: "website"), null, Cancelled));
        await Assert.ThrowsAsync<SupersededMissingException>(() => memory.StoreAsync(Coder, new CreateMemoryRequest("A new fact.", Domain: "code", Supersedes: secret.Id), Cancelled));
        Assert.Equal(2, memory.Store.List(Ann, null, null, 10).Memories.Count);
    }
}
