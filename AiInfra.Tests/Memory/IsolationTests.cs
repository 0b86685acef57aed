using System.Globalization;
using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Knowledge;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.Tests.Fixtures;
using CsCheck;

namespace AiInfra.Tests.Memory;

public sealed class IsolationTests
{
    private const int Cases = 12;

    private static readonly string[] Vocabulary = ["budget", "invoice", "secret", "password", "launch", "bridge", "river", "Anna", "Ben"];
    private static readonly Gen<string> Texts = Gen.Int[0, Vocabulary.Length - 1].Select(i => Vocabulary[i]).Array[1, 5].Select(words => string.Join(' ', words));

    private static readonly Gen<(int Kind, string Text, string? Session, int Target)[]> Operations =
        Gen.Select(Gen.Int[0, 4], Texts, Gen.Bool.Select(inSession => inSession ? "s" : null), Gen.Int[0, 100]).Array[3, 12];

    [Fact]
    public async Task Another_users_memories_change_no_bit_of_any_answer()
    {
        await Gen.Select(Operations, Operations, Operations, Texts).HoldsAsync(
            async example =>
            {
                var (mine, others, strangers, query) = example;
                var alone = await AnswersAsync(mine, [], [], query);
                var among = await AnswersAsync(mine, others, strangers, query);
                Assert.Equal(alone, among);
            },
            cases: Cases);
    }

    [Fact]
    public async Task Another_users_id_is_answered_like_one_that_never_was()
    {
        await using var memory = new InProcessMemory();
        var (me, other, stranger) = (InProcessMemory.Caller("me"), InProcessMemory.Caller("other"), InProcessMemory.Caller("me", tenant: "elsewhere"));
        var never = Guid.Empty.ToString("N");
        await memory.StoreAsync(me, new CreateMemoryRequest(Vocabulary[0]), CancellationToken.None);
        foreach (var owner in new[] { other, stranger })
        {
            var id = (await memory.StoreAsync(owner, new CreateMemoryRequest(Vocabulary[0]), CancellationToken.None)).Id;
            Assert.Null(memory.Store.Find(me, id));
            Assert.Empty(memory.Store.History(me, id));
            Assert.Null(await memory.Search.SimilarAsync(me, id, 10, CancellationToken.None));
            foreach (var asked in new[] { id, never })
            {
                Assert.Equal(StoreOutcome.NotFound, (await memory.Store.UpdateAsync(me, asked, new UpdateMemoryRequest("x"), null, CancellationToken.None)).Outcome);
                Assert.Equal(StoreOutcome.NotFound, await memory.Store.DeleteAsync(me, asked, null, CancellationToken.None));
                await Assert.ThrowsAsync<SupersededMissingException>(() => memory.StoreAsync(me, new CreateMemoryRequest("y", Supersedes: asked), CancellationToken.None));
            }

            Assert.NotNull(memory.Store.Find(owner, id));
        }
    }

    private static async Task<string> AnswersAsync(
        (int Kind, string Text, string? Session, int Target)[] mine, (int Kind, string Text, string? Session, int Target)[] others,
        (int Kind, string Text, string? Session, int Target)[] strangers, string query)
    {
        await using var memory = new InProcessMemory();
        var me = InProcessMemory.Caller("me");
        var ids = new Dictionary<Caller, List<string>>();
        // Interleaved as they would come, and with searches in between, so that indexes are loaded and kept in step.
        for (var i = 0; i < Math.Max(mine.Length, Math.Max(others.Length, strangers.Length)); i++)
        {
            await RunAsync(InProcessMemory.Caller("other"), others, i);
            await RunAsync(InProcessMemory.Caller("me", tenant: "elsewhere"), strangers, i);
            await RunAsync(me, mine, i);
        }

        var found = await memory.Search.SearchAsync(me, query, Ranking.Hybrid, SearchFilter.None, 100, CancellationToken.None);
        var own = ids.GetValueOrDefault(me, []);
        Assert.All(found, hit => Assert.Contains(hit.Memory.Id, own));
        var statistics = await memory.Indexes.ReadAsync(me, ScopeKnowledge.Statistics, CancellationToken.None);
        var keywords = await memory.Keywords.ExpandAsync(me, [Vocabulary[0], Vocabulary[1]], null, 50, CancellationToken.None);
        var trends = await memory.Keywords.TrendsAsync(me, 30, null, 50, CancellationToken.None);
        var filtered = await memory.Search.SearchAsync(me, query, Ranking.ReciprocalRank, new SearchFilter(SessionId: "s"), 100, CancellationToken.None);
        var similar = found.Count == 0 ? [] : await memory.Search.SimilarAsync(me, found[0].Memory.Id, 100, CancellationToken.None);
        var context = await memory.Context.BuildAsync(me, query, 1000, SearchFilter.None, CancellationToken.None);
        var listed = memory.Store.List(me, null, null, 500).Memories;
        return string.Join('\n',
        [
            .. found.Select(hit => $"{hit.Memory.Text} {BitConverter.DoubleToInt64Bits(hit.Score):x} {hit.Terms}"),
            statistics.Memories.ToString(CultureInfo.InvariantCulture),
            .. keywords.Keywords.Concat(trends.Keywords).Select(keyword => $"{keyword.Keyword} {keyword.Memories} {keyword.Weight:R}"),
            .. filtered.Concat(similar!).Select(hit => $"{hit.Memory.Text} {BitConverter.DoubleToInt64Bits(hit.Score):x}"),
            context.Text,
            // Ids made in one millisecond are in no order: what counts is which memories are there.
            .. listed.Select(record => record.Text).Order(StringComparer.Ordinal),
        ]);

        async Task RunAsync(Caller caller, (int Kind, string Text, string? Session, int Target)[] operations, int i)
        {
            if (i >= operations.Length)
            {
                return;
            }

            var (kind, text, session, target) = operations[i];
            ids.TryAdd(caller, []);
            var known = ids[caller];
            switch (kind)
            {
                case 3 when known.Count > 0:
                    await memory.Store.DeleteAsync(caller, known[target % known.Count], null, CancellationToken.None);
                    break;
                case 4 when known.Count > 0:
                    await memory.Store.UpdateAsync(caller, known[target % known.Count], new UpdateMemoryRequest(text), null, CancellationToken.None);
                    await memory.Search.SearchAsync(caller, text, Ranking.Hybrid, SearchFilter.None, 3, CancellationToken.None);
                    break;
                default:
                    known.Add((await memory.StoreAsync(caller, new CreateMemoryRequest(text, session), CancellationToken.None)).Id);
                    break;
            }
        }
    }
}
