using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Chat;
using AiInfra.MemoryService.Domains;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Extraction;
using AiInfra.MemoryService.Indexing;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Storage;
using AiInfra.MemoryService.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Memories;

/// <summary>The one store behind both doors. A call returns when its change is durable and every later search sees it.</summary>
internal sealed class MemoryStore(
    TenantDatabases databases, MemoryEmbedder embedder, ScopeIndexes indexes, OutboxSignal outbox, DomainTable domains,
    IOptions<StorageOptions> options, IOptions<ExtractionOptions> extraction, TimeProvider time, MemoryMetrics metrics)
{
    /// <summary>The type of what a user said in a chat: facts are taken from these.</summary>
    public const string MessageType = "message";

    /// <summary>Stores all memories or none. The same key with the same request stores them once and answers the same again.</summary>
    public Task<StoreResult> StoreAsync(
        Caller caller, IReadOnlyList<CreateMemoryRequest> requests, string? idempotencyKey, CancellationToken cancellationToken) =>
        StoreAsync(caller, requests, idempotencyKey, null, cancellationToken);

    /// <inheritdoc cref="StoreAsync(Caller, IReadOnlyList{CreateMemoryRequest}, string?, CancellationToken)"/>
    /// <param name="within">Runs in the same transaction once the memories are written; an exception undoes them.</param>
    public async Task<StoreResult> StoreAsync(
        Caller caller, IReadOnlyList<CreateMemoryRequest> requests, string? idempotencyKey, Action<SqliteConnection, IReadOnlyList<MemoryRecord>>? within,
        CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var memories = requests.Select(request => New(caller, request, now)).ToList();
        memories.ForEach(memory => caller.RequireDomain(memory.Attributes.Domain));
        var broken = BrokenOf(memories, out var forbids);
        if (forbids)
        {
            return StoreResult.Failed(StoreOutcome.Invalid) with { Broken = broken };
        }

        // The model runs before the database is locked: it takes a hundred times longer than the write.
        var embeddings = await embedder.EmbedAsync(memories, cancellationToken);
        var changes = new List<IndexChange>();
        var requestHash = idempotencyKey is null ? null : IdempotencyRows.Hash(requests);
        var result = await databases.Of(caller.Tenant).WriteAsync(
            connection =>
            {
                var stored = Insert(connection, caller, requests, memories, embeddings, idempotencyKey, requestHash, changes);
                if (stored.Outcome == StoreOutcome.Done)
                {
                    within?.Invoke(connection, stored.Memories);
                }

                return stored;
            },
            _ => indexes.Apply(caller.Tenant, caller.User, changes),
            cancellationToken);
        outbox.Wake(caller.Tenant);
        metrics.Duplicates(result.DuplicateOf.Count(duplicate => duplicate is not null));
        return broken.Count > 0 ? result with { Broken = broken } : result;
    }

    public MemoryRecord? Find(Caller caller, string id)
    {
        var memory = databases.Of(caller.Tenant).Read(connection => MemoryRows.Find(connection, caller.User, id))?.Memory;
        return memory is not null && (IsExpired(memory.Attributes, time.GetUtcNow()) || !caller.MayUse(memory.Attributes.Domain)) ? null : memory;
    }

    /// <summary>A page of memories, newest first, and the cursor of the next page.</summary>
    public (IReadOnlyList<MemoryRecord> Memories, string? NextCursor) List(Caller caller, string? session, string? cursor, int limit)
    {
        var page = databases.Of(caller.Tenant).Read(connection =>
            MemoryRows.Page(connection, caller.User, session, cursor, limit + 1, time.GetUtcNow()));
        var visible = page.Take(limit).Where(memory => caller.MayUse(memory.Attributes.Domain)).ToList();
        return (visible, page.Count > limit ? page[limit - 1].Id : null);
    }

    /// <param name="caller">Whose memory.</param>
    /// <param name="id">Its id.</param>
    /// <param name="request">What to change.</param>
    /// <param name="expectedVersion">The version that the change is meant for; null for any.</param>
    /// <param name="cancellationToken">Gives the call up before the write begins.</param>
    public async Task<UpdateResult> UpdateAsync(
        Caller caller, string id, UpdateMemoryRequest request, int? expectedVersion, CancellationToken cancellationToken)
    {
        if (Find(caller, id) is not { } before)
        {
            return new UpdateResult(StoreOutcome.NotFound, null);
        }

        var draft = MemoryChange.Apply(before, request, time.GetUtcNow());
        caller.RequireDomain(draft.Attributes.Domain);
        if (domains.Broken(draft, out var onlyWarns) is { Count: > 0 } broken && !onlyWarns)
        {
            return new UpdateResult(StoreOutcome.Invalid, null) { Broken = broken };
        }

        // The words or the speaker make the vector; anything else leaves it as it is, in Chroma too.
        var embedding = draft.EmbeddingText == before.EmbeddingText ? null : (await embedder.EmbedAsync([draft], cancellationToken))[0];
        var changes = new List<IndexChange>();
        var result = await databases.Of(caller.Tenant).WriteAsync(
            connection =>
            {
                if (MemoryRows.Find(connection, caller.User, id) is not var (sequence, current))
                {
                    return new UpdateResult(StoreOutcome.NotFound, null);
                }

                // The vector was made for the version read above: if another change came between, the caller reads again.
                if (current.Version != (expectedVersion ?? before.Version) || current.Version != before.Version)
                {
                    return new UpdateResult(StoreOutcome.Conflict, null);
                }

                MemoryRows.Update(connection, sequence, draft);
                HistoryRows.Add(connection, draft, HistoryRows.Updated, caller.Actor, draft.UpdatedAt);
                if (draft.Attributes.Quarantined)
                {
                    InjectionRows.Forget(connection, id);
                }

                if (embedding is not null)
                {
                    MemoryRows.WriteVectors(connection, sequence, embedding, embedder.Model);
                    OutboxRows.Add(connection, id, OutboxRows.Upsert);
                }

                changes.Add(new IndexChange(sequence, MemoryRows.ReadForIndex(connection, caller.User, sequence)));
                return new UpdateResult(StoreOutcome.Done, draft);
            },
            _ => indexes.Apply(caller.Tenant, caller.User, changes),
            cancellationToken);
        outbox.Wake(caller.Tenant);
        return result;
    }

    public async Task<StoreOutcome> DeleteAsync(Caller caller, string id, int? expectedVersion, CancellationToken cancellationToken)
    {
        var changes = new List<IndexChange>();
        var outcome = await databases.Of(caller.Tenant).WriteAsync(
            connection =>
            {
                if (MemoryRows.Find(connection, caller.User, id) is not var (sequence, memory) || !caller.MayUse(memory.Attributes.Domain))
                {
                    return StoreOutcome.NotFound;
                }

                if (expectedVersion is { } version && version != memory.Version)
                {
                    return StoreOutcome.Conflict;
                }

                changes.AddRange(Remove(connection, sequence, memory, HistoryRows.Deleted, caller.Actor, time.GetUtcNow()).Select(gone => new IndexChange(gone, null)));
                return StoreOutcome.Done;
            },
            _ => indexes.Apply(caller.Tenant, caller.User, changes),
            cancellationToken);
        outbox.Wake(caller.Tenant);
        return outcome;
    }

    /// <summary>Whoever is limited to domains sees the history of what he sees, and of nothing that is gone.</summary>
    public IReadOnlyList<MemoryVersionResponse> History(Caller caller, string id) => caller.Domains is not null && Find(caller, id) is null
        ? []
        : databases.Of(caller.Tenant).Read(connection => HistoryRows.Of(connection, caller, id));

    public static bool IsExpired(MemoryAttributes attributes, DateTimeOffset now) =>
        attributes is { Pinned: false, ExpiresAt: { } expiry } && expiry <= now;

    /// <summary>Takes a memory out of everything that has it: record, vectors, history's words, and soon Chroma; and so what was taken from it.</summary>
    /// <returns>The numbers of what is gone.</returns>
    public static List<long> Remove(SqliteConnection connection, long sequence, MemoryRecord memory, string action, string actor, DateTimeOffset at)
    {
        MemoryRows.Delete(connection, sequence);
        HistoryRows.Close(connection, memory, action, actor, at);
        OutboxRows.Add(connection, memory.Id, OutboxRows.Delete);
        InjectionRows.Forget(connection, memory.Id);
        var gone = new List<long> { sequence };
        foreach (var (derived, fact) in ExtractionRows.TakeDerived(connection, memory.User, sequence, memory.Id))
        {
            gone.AddRange(Remove(connection, derived, fact, action, actor, at));
        }

        return gone;
    }

    private StoreResult Insert(
        SqliteConnection connection, Caller caller, IReadOnlyList<CreateMemoryRequest> requests, List<MemoryRecord> memories,
        ContextualEmbedding[] embeddings, string? key, byte[]? requestHash, List<IndexChange> changes)
    {
        if (key is not null && IdempotencyRows.Find(connection, caller.User, key) is var (knownHash, ids) && knownHash is not null)
        {
            return knownHash.AsSpan().SequenceEqual(requestHash)
                ? new StoreResult(StoreOutcome.Done, [.. ids.Select(id => MemoryRows.Find(connection, caller.User, id)?.Memory).OfType<MemoryRecord>()], [.. ids.Select(_ => (string?)null)])
                : StoreResult.Failed(StoreOutcome.Conflict);
        }

        if (connection.Number("SELECT memories FROM users WHERE user = $1", caller.User) + memories.Count > options.Value.MaxMemoriesPerUser)
        {
            return StoreResult.Failed(StoreOutcome.Full);
        }

        var duplicates = new List<string?>(memories.Count);
        for (var i = 0; i < memories.Count; i++)
        {
            var memory = memories[i];
            if (requests[i].Supersedes is { } supersedes && !Supersede(connection, caller, supersedes, memory, changes))
            {
                // Thrown, not returned: what this batch has written so far must be undone.
                throw new SupersededMissingException(supersedes);
            }

            duplicates.Add(memory.Attributes.SessionId is null && caller.Domains is null ? MemoryRows.DuplicateOf(connection, caller.User, memory.Text) : null);
            var sequence = MemoryRows.Insert(connection, memory, embeddings[i], embedder.Model);
            HistoryRows.Add(connection, memory, HistoryRows.Created, caller.Actor, memory.CreatedAt);
            OutboxRows.Add(connection, memory.Id, OutboxRows.Upsert);
            if (memory.Attributes.Type == MessageType && extraction.Value.Model.Length > 0)
            {
                ExtractionRows.Enqueue(connection, sequence);
            }

            changes.Add(new IndexChange(sequence, new IndexedMemory(
                sequence, memory.Text, memory.Attributes, memory.CreatedAt, embeddings[i].Vector, embeddings[i].Tokens)));
        }

        if (key is not null)
        {
            IdempotencyRows.Add(connection, caller.User, key, requestHash!, memories.Select(memory => memory.Id), time.GetUtcNow());
        }

        return new StoreResult(StoreOutcome.Done, memories, duplicates);
    }

    private Dictionary<string, string[]> BrokenOf(List<MemoryRecord> memories, out bool forbids)
    {
        var all = new Dictionary<string, string[]>(StringComparer.Ordinal);
        forbids = false;
        for (var i = 0; i < memories.Count; i++)
        {
            var broken = domains.Broken(memories[i], out var onlyWarns);
            forbids |= broken.Count > 0 && !onlyWarns;
            foreach (var (field, problems) in broken)
            {
                all[$"memories[{i}].{field}"] = problems;
            }
        }

        return all;
    }

    private static bool Supersede(SqliteConnection connection, Caller caller, string id, MemoryRecord by, List<IndexChange> changes)
    {
        if (MemoryRows.Find(connection, caller.User, id) is not var (sequence, old) || !caller.MayUse(old.Attributes.Domain))
        {
            return false;
        }

        var superseded = old with { Version = old.Version + 1, UpdatedAt = by.CreatedAt, Attributes = old.Attributes with { SupersededBy = by.Id, SupersededAt = by.CreatedAt } };
        MemoryRows.Update(connection, sequence, superseded);
        HistoryRows.Add(connection, superseded, HistoryRows.Superseded, caller.Actor, by.CreatedAt);
        changes.Add(new IndexChange(sequence, MemoryRows.ReadForIndex(connection, caller.User, sequence)));
        return true;
    }

    private static MemoryRecord New(Caller caller, CreateMemoryRequest request, DateTimeOffset now)
    {
        var defaults = new MemoryAttributes();
        return new MemoryRecord
        {
            Id = MemoryRecord.NewId(now),
            User = caller.User,
            Text = request.Text!,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(MemoryRows.Milliseconds(now)),
            UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(MemoryRows.Milliseconds(now)),
            Attributes = new MemoryAttributes
            {
                SessionId = request.SessionId,
                AgentId = request.AgentId,
                Speaker = request.Speaker,
                Timestamp = request.Timestamp ?? now,
                Domain = request.Domain ?? defaults.Domain,
                Subdomain = request.Subdomain,
                Type = request.Type,
                Source = request.Source,
                Writer = caller.Actor,
                Confidence = request.Confidence ?? defaults.Confidence,
                Importance = request.Importance ?? defaults.Importance,
                Pinned = request.Pinned ?? false,
                Quarantined = request.Quarantined ?? false,
                Tags = [.. (request.Tags ?? []).Distinct(StringComparer.Ordinal)],
                Metadata = request.Metadata,
                ExpiresAt = request.TimeToLiveSeconds is { } seconds ? now.AddSeconds(seconds) : request.ExpiresAt,
            },
        };
    }
}
