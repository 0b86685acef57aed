using System.Text.Json;
using System.Text.Json.Nodes;
using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Extraction;

/// <summary>
/// Takes facts from the users' messages, after they were stored and acknowledged. A fact is linked to the messages that say it and goes
/// with any of them; one that is brought up to date is superseded, not lost. Whatever fails, the messages stay as they are.
/// </summary>
internal sealed partial class ExtractionWorker(
    TenantDatabases databases, MemoryStore store, MemorySearch search, FactModel model, IOptions<ExtractionOptions> options, IOptions<SearchOptions> searches,
    TimeProvider time, ILogger<ExtractionWorker> logger) : BackgroundService
{
    public const string FactType = "fact";
    public const string Source = "extraction";

    // A model heard it, the user did not say it in these words.
    private const double Confidence = 0.8;
    private const int KnownFacts = 10;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Model.Length == 0)
        {
            return;
        }

        using var timer = new PeriodicTimer(options.Value.Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var tenant in databases.Known())
            {
                while (await StepAsync(tenant, stoppingToken))
                {
                }
            }
        }
    }

    /// <returns>Whether there may be more to do at once.</returns>
    private async Task<bool> StepAsync(string tenant, CancellationToken cancellationToken)
    {
        List<(long Sequence, MemoryRecord Memory)> waiting = [];
        try
        {
            waiting = databases.Of(tenant).Read(connection => ExtractionRows.Next(connection, options.Value.BatchSize));
            if (waiting.Count == 0)
            {
                return false;
            }

            await ExtractAsync(new Caller(tenant, waiting[0].Memory.User, Source), waiting, cancellationToken);
            return true;
        }
        catch (Exception problem) when (!cancellationToken.IsCancellationRequested
            && problem is HttpRequestException or JsonException or OperationCanceledException or SqliteException or SourceGoneException or SupersededMissingException or InvalidDataException)
        {
            await GiveUpAsync(tenant, waiting, problem, cancellationToken);
            return false;
        }
    }

    private async Task ExtractAsync(Caller caller, List<(long Sequence, MemoryRecord Memory)> waiting, CancellationToken cancellationToken)
    {
        var messages = waiting.ConvertAll(entry => entry.Memory);
        var words = string.Join('\n', messages.Select(message => message.Text));
        var filter = new SearchFilter(Type: FactType, Source: Source, Domain: messages[0].Attributes.Domain);
        var near = await search.SearchAsync(caller, words[..Math.Min(words.Length, searches.Value.MaxQueryLength)], Ranking.Hybrid, filter, KnownFacts, cancellationToken);
        var known = near.Select(hit => hit.Memory).ToList();
        var facts = (await model.AskAsync(messages, known, cancellationToken))
            .Where(fact => !known.Any(old => string.Equals(old.Text, fact.Text!.Trim(), StringComparison.OrdinalIgnoreCase)))
            .DistinctBy(fact => fact.Replaces == 0 ? fact.Text! : $"replaces {fact.Replaces}", StringComparer.OrdinalIgnoreCase).ToList();
        var sources = facts.ConvertAll(fact => fact.From!.Distinct().Select(number => messages[number - 1]).ToList());
        var result = await store.StoreAsync(
            caller,
            [.. facts.Select((fact, i) => Request(fact, sources[i], fact.Replaces == 0 ? null : known[fact.Replaces - 1].Id))],
            null,
            (connection, stored) => Link(connection, waiting, sources, facts.ConvertAll(fact => fact.Replaces == 0 ? null : known[fact.Replaces - 1].Id), stored),
            cancellationToken);
        if (result.Outcome != StoreOutcome.Done)
        {
            throw new InvalidDataException("The store takes no such fact: a rule of its domain, or the user has as many memories as one may.");
        }

        FactsExtracted(facts.Count, messages.Count);
    }

    private static CreateMemoryRequest Request(ExtractedFact fact, List<MemoryRecord> sources, string? replaced)
    {
        var like = sources[^1].Attributes;
        return new CreateMemoryRequest(
            fact.Text!.Trim(), like.SessionId, like.AgentId, like.Speaker, like.Timestamp, Domain: like.Domain, Subdomain: like.Subdomain, Type: FactType, Source: Source,
            Confidence: Confidence, Metadata: new JsonObject { ["derivedFrom"] = new JsonArray([.. sources.Select(source => JsonValue.Create(source.Id))]) },
            // What is doubted as a whole is not trusted in parts.
            Quarantined: sources.Exists(source => source.Attributes.Quarantined),
            ExpiresAt: sources.Min(source => source.Attributes.ExpiresAt), Supersedes: replaced);
    }

    // In the transaction that stores the facts: they are there with their links, or nothing is.
    private static void Link(
        SqliteConnection connection, List<(long Sequence, MemoryRecord Memory)> waiting, List<List<MemoryRecord>> sources, List<string?> replaced, IReadOnlyList<MemoryRecord> stored)
    {
        foreach (var (sequence, memory) in waiting)
        {
            // Deleted, erased or changed while the model was asked: what it told must not come in by another door.
            if (MemoryRows.Find(connection, memory.User, sequence) is not { } now || now.Version != memory.Version)
            {
                throw new SourceGoneException();
            }
        }

        for (var i = 0; i < stored.Count; i++)
        {
            // What a fact replaces may live on in its words, and so may what that came from.
            foreach (var source in sources[i].Select(source => source.Id).Concat(replaced[i] is { } old ? ExtractionRows.SourcesOf(connection, old) : []))
            {
                ExtractionRows.Link(connection, source, stored[i].Id);
            }
        }

        ExtractionRows.Settle(connection, waiting.Select(entry => entry.Sequence));
    }

    private async Task GiveUpAsync(string tenant, List<(long Sequence, MemoryRecord Memory)> waiting, Exception problem, CancellationToken cancellationToken)
    {
        try
        {
            var dropped = await databases.Of(tenant).WriteAsync(
                connection => ExtractionRows.Fail(connection, waiting.Select(entry => entry.Sequence), options.Value.MaxAttempts), null, cancellationToken);
            ExtractionFailed(problem.GetType().Name, waiting.Count, dropped);
        }
        catch (SqliteException disk)
        {
            ExtractionFailed(disk.GetType().Name, waiting.Count, 0);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Facts} facts were taken from {Messages} messages.")]
    private partial void FactsExtracted(int facts, int messages);

    [LoggerMessage(LogLevel.Warning, "No facts could be taken from {Messages} messages ({Problem}); {Dropped} of them are left as they are, the others are tried again.")]
    private partial void ExtractionFailed(string problem, int messages, int dropped);
}
