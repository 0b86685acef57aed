using AiInfra.MemoryService.Indexing;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Lifecycle;

/// <summary>Deletes what has expired: record, vectors, the words of its history, and its place in every index.</summary>
internal sealed partial class ExpiryWorker(
    TenantDatabases databases, ScopeIndexes indexes, OutboxSignal outbox, IOptions<LifecycleOptions> options, TimeProvider time, ILogger<ExpiryWorker> logger)
    : BackgroundService
{
    // Small steps, so that no write waits long behind a sweep.
    private const int BatchSize = 200;
    private const string Actor = "expiry";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var tenant in databases.Known())
            {
                try
                {
                    var database = databases.Of(tenant);
                    await SweepAsync(database, stoppingToken);
                    database.TrimReaders();
                }
                catch (SqliteException problem)
                {
                    // A full or read-only disk: the next sweep tries again.
                    SweepFailed(problem.SqliteErrorCode);
                }
            }
        }
    }

    private async Task SweepAsync(TenantDatabase database, CancellationToken cancellationToken)
    {
        int swept;
        do
        {
            var changes = new List<(string User, IndexChange Change)>();
            swept = await database.WriteAsync(
                connection => RemoveExpired(connection, changes),
                _ => changes.ForEach(change => indexes.Apply(database.Tenant, change.User, [change.Change])),
                cancellationToken);
            if (swept > 0)
            {
                outbox.Wake(database.Tenant);
                MemoriesExpired(swept);
            }
        }
        while (swept == BatchSize);
    }

    private int RemoveExpired(SqliteConnection connection, List<(string User, IndexChange Change)> changes)
    {
        var now = time.GetUtcNow();
        var expired = MemoryRows.Expired(connection, now, BatchSize);
        foreach (var (sequence, memory) in expired)
        {
            // Gone already with what it was taken from.
            if (MemoryRows.Find(connection, memory.User, sequence) is not null)
            {
                var gone = MemoryStore.Remove(connection, sequence, memory, HistoryRows.Expired, Actor, now);
                changes.AddRange(gone.Select(number => (memory.User, new IndexChange(number, null))));
            }
        }

        return expired.Count;
    }

    [LoggerMessage(LogLevel.Information, "{Count} memories expired and were deleted.")]
    private partial void MemoriesExpired(int count);

    [LoggerMessage(LogLevel.Warning, "Expired memories could not be deleted (SQLite code {Code}); the next sweep tries again.")]
    private partial void SweepFailed(int code);
}
