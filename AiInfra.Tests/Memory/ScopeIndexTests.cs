using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.Tests.Fixtures;
using CsCheck;

namespace AiInfra.Tests.Memory;

public sealed class ScopeIndexTests
{
    private static readonly WordPieces Pieces = new(Path.Combine(RepositoryPaths.Models(ModelFiles.Name), "vocab.txt"));
    private static readonly string[] Vocabulary = ["ship", "harbour", "storm", "captain", "letter", "garden", "roses", "winter", "sailed", "painted", "Anna", "Ben"];

    private static readonly Gen<string> Texts = Gen.Int[0, Vocabulary.Length - 1].Select(i => Vocabulary[i]).Array[1, 6].Select(words => string.Join(' ', words));

    private static readonly Gen<(int Kind, int Target, string Text, string? Session, string? Speaker)> Operations =
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 1000], Texts, Gen.Int[0, 2].Select(i => i == 0 ? null : $"s{i}"), Gen.Int[0, 2].Select(i => i == 0 ? null : i == 1 ? "Anna" : "Ben"));

    [Fact]
    public void An_index_kept_in_step_scores_bit_for_bit_like_one_made_anew()
    {
        Gen.Select(Operations.Array[1, 40], Texts).Holds(example =>
        {
            var (operations, query) = example;
            var kept = new ScopeIndex();
            var memories = new SortedDictionary<long, IndexedMemory>();
            foreach (var (kind, target, text, session, speaker) in operations)
            {
                var known = memories.Count == 0 ? 0 : memories.Keys.ElementAt(target % memories.Count);
                if (kind < 6 || memories.Count == 0)
                {
                    var sequence = memories.Count == 0 ? 1 : memories.Keys.Max() + 1;
                    memories[sequence] = Memory(sequence, text, session, speaker);
                    kept.Apply(new IndexChange(sequence, memories[sequence]));
                }
                else if (kind < 8)
                {
                    memories[known] = Memory(known, text, memories[known].Attributes.SessionId, speaker);
                    kept.Apply(new IndexChange(known, memories[known]));
                }
                else
                {
                    // A number that is gone must not come again: the largest stays.
                    if (known != memories.Keys.Max())
                    {
                        memories.Remove(known);
                        kept.Apply(new IndexChange(known, null));
                    }
                }
            }

            var anew = new ScopeIndex();
            foreach (var memory in memories.Values)
            {
                anew.Apply(new IndexChange(memory.Sequence, memory));
            }

            Assert.Equal(Results(anew, query), Results(kept, query));
        }, cases: 100);
    }

    [Fact]
    public void Dead_rows_are_dropped_once_they_are_many_and_no_score_changes()
    {
        var random = new Random(7);
        var kept = new ScopeIndex();
        var memories = new SortedDictionary<long, IndexedMemory>();
        for (var sequence = 1L; sequence <= 900; sequence++)
        {
            memories[sequence] = Memory(sequence, string.Join(' ', Vocabulary[random.Next(Vocabulary.Length)], Vocabulary[random.Next(Vocabulary.Length)]), $"s{sequence % 9}", random.Next(2) == 0 ? "Anna" : null);
            kept.Apply(new IndexChange(sequence, memories[sequence]));
        }

        foreach (var sequence in memories.Keys.Where(sequence => sequence % 4 != 0 && sequence < 890).ToList())
        {
            memories.Remove(sequence);
            kept.Apply(new IndexChange(sequence, null));
        }

        Assert.InRange(kept.DeadCount, 0, Math.Max(256, kept.Count));
        var anew = new ScopeIndex();
        foreach (var memory in memories.Values)
        {
            anew.Apply(new IndexChange(memory.Sequence, memory));
        }

        Assert.Equal(Results(anew, "Anna painted the ship in winter"), Results(kept, "Anna painted the ship in winter"));
    }

    [Fact]
    public void Terms_for_conversations_are_zero_for_a_memory_without_session_speaker_and_date()
    {
        var index = new ScopeIndex();
        index.Apply(new IndexChange(1, Memory(1, "ship in the storm", null, null)));
        index.Apply(new IndexChange(2, Memory(2, "roses in the garden", null, null)));
        var hit = Assert.Single(Search(index, "ship", SearchWeights.Default), found => found.Sequence == 1);

        Assert.Equal((0f, 0f, 0f), (hit.Terms.Speaker, hit.Terms.Calendar, hit.Terms.Question));
        Assert.True(hit.Terms.Lexical > 0 && hit.Terms.LateInteraction > 0);
    }

    [Fact]
    public void A_turn_is_found_by_the_words_of_its_neighbours()
    {
        var index = new ScopeIndex();
        index.Apply(new IndexChange(1, Memory(1, "the captain wrote a letter", "s", "Anna")));
        index.Apply(new IndexChange(2, Memory(2, "it was lost", "s", "Ben")));
        index.Apply(new IndexChange(3, Memory(3, "it was lost", "other", "Ben")));
        var hits = Search(index, "captain letter", SearchWeights.WithoutLateInteraction);

        Assert.Equal([1, 2, 3], hits.Select(hit => hit.Sequence));
        Assert.True(hits[1].Terms.Lexical > 0);
        Assert.Equal(0, hits[2].Terms.Lexical);
    }

    [Fact]
    public void What_follows_a_question_like_the_one_that_is_asked_counts_as_its_answer()
    {
        var index = new ScopeIndex();
        index.Apply(new IndexChange(1, Memory(1, "who painted the ship?", "s", "Anna")));
        index.Apply(new IndexChange(2, Memory(2, "my sister", "s", "Ben")));
        index.Apply(new IndexChange(3, Memory(3, "the garden has roses", "other", "Anna")));
        index.Apply(new IndexChange(4, Memory(4, "my sister", "other", "Ben")));
        var answers = Search(index, "who painted the ship", SearchWeights.Default).ToDictionary(hit => hit.Sequence, hit => hit.Terms.Answer);

        Assert.InRange(answers[2], 0.5f * SearchWeights.Default.Answer, SearchWeights.Default.Answer);
        Assert.Equal((0f, 0f, 0f), (answers[1], answers[3], answers[4]));
        Assert.All(Search(index, "who painted the ship", SearchWeights.WithoutLateInteraction), hit => Assert.Equal(0, hit.Terms.Answer));
    }

    [Theory]
    [InlineData("What happened on 8 May 2023?", "2023-05-08", 1)]
    [InlineData("What happened on May 8th?", "2023-05-08", 1)]
    [InlineData("What happened on 2023-05-08?", "2023-05-12", 0.5)]
    [InlineData("What happened in May 2023?", "2023-05-31", 1)]
    [InlineData("What happened in 2023?", "2023-11-02", 0.3)]
    [InlineData("What may happen on 8 May 2023?", "2023-05-16", 0)]
    [InlineData("What happened on 31 February 2023?", "2023-02-28", 0)]
    public void A_date_in_the_question_counts_for_memories_of_that_time(string question, string day, double expected)
    {
        var index = new ScopeIndex();
        var memory = Memory(1, "ship", null, null);
        index.Apply(new IndexChange(1, memory with { Attributes = memory.Attributes with { Timestamp = DateTimeOffset.Parse(day, System.Globalization.CultureInfo.InvariantCulture) } }));

        Assert.Equal(SearchWeights.Default.Calendar * expected, Search(index, question, SearchWeights.Default)[0].Terms.Calendar, 5);
    }

    private static string Results(ScopeIndex index, string query) => string.Join('\n', new[] { SearchWeights.Default, SearchWeights.LexicalOnly }
        .SelectMany(weights => Search(index, query, weights))
        .Select(hit => $"{hit.Sequence} {BitConverter.SingleToInt32Bits(hit.Score):x} {hit.Terms}"));

    private static IReadOnlyList<SearchHit> Search(ScopeIndex index, string query, SearchWeights weights) =>
        ScopeSearcher.Search(index, Question.Of(query, WordHashGenerator.Embed(query), index, Pieces, _ => []), weights, Admission.Everything, 1000, DateTimeOffset.UnixEpoch);

    private static IndexedMemory Memory(long sequence, string text, string? session, string? speaker)
    {
        var embedding = WordHashGenerator.Embed(text);
        return new IndexedMemory(
            sequence, text, new MemoryAttributes { SessionId = session, Speaker = speaker, Timestamp = DateTimeOffset.UnixEpoch }, DateTimeOffset.UnixEpoch, embedding.Vector, embedding.Tokens);
    }
}
