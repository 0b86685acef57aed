using AiInfra.MemoryService.Chroma;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Storage;
using AiInfra.MemoryService.Telemetry;

namespace AiInfra.MemoryService.Indexing;

/// <summary>
/// Keeps one tenant's collection equal to its records. A collection that is lost, emptied or broken is deleted and written again from
/// the stored vectors: kills break collections at any setting, so this is routine and no emergency.
/// </summary>
internal sealed partial class CollectionKeeper(
    TenantDatabase database, string collectionName, ChromaClient chroma, ChromaClientSettings settings, IndexingOptions options, IndexStates states, MemoryMetrics metrics, ILogger logger)
{
    private const int FaultsBeforeRebuild = 3;
    private const int KnownVectorsTried = 3;
    // A vector's distance to itself; the stored one is rounded in its last bits.
    private const float SameVector = 0.001f;

    private string? _collectionId;
    private bool _isChecked;
    private int _faults;
    private string _problem = "";

    /// <summary>Sends what waits, and checks the collection when it is time or has never been done.</summary>
    /// <returns>False when it should be tried again soon.</returns>
    public async Task<bool> KeepAsync(bool isCheckDue, OutboxSignal outbox, CancellationToken cancellationToken)
    {
        try
        {
            if (outbox.WillRebuild(database.Tenant))
            {
                await RebuildAsync(cancellationToken);
                outbox.BeginRebuild(database.Tenant);
            }

            await DrainAsync(cancellationToken);
            if (isCheckDue || !_isChecked)
            {
                _isChecked = await IsWholeAsync(cancellationToken);
                if (!_isChecked)
                {
                    await RebuildAsync(cancellationToken);
                    await DrainAsync(cancellationToken);
                    _isChecked = true;
                }
            }

            _faults = 0;
            Report("");
            return true;
        }
        catch (ChromaException problem) when (problem.IsCollectionMissing)
        {
            _collectionId = null;
            _isChecked = false;
            Report("The collection is gone and is being written again.");
            return false;
        }
        catch (ChromaException problem)
        {
            return await FaultAsync($"Chroma failed with {problem.Status} {problem.Kind}.", isRefusal: !problem.IsServerFault, cancellationToken);
        }
        catch (InvalidOperationException problem)
        {
            // A collection of this name with another distance: never ours.
            return await FaultAsync(problem.Message, isRefusal: false, cancellationToken);
        }
        catch (Exception problem) when (problem is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            _isChecked = false;
            // A connection closed without an answer, by a server that answers otherwise, may be this collection killing it.
            if (problem is HttpRequestException { HttpRequestError: not (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError) })
            {
                return await FaultAsync("Chroma ended the connection without an answer.", isRefusal: false, cancellationToken);
            }

            Report("Chroma does not answer.");
            return false;
        }
    }

    private async Task<bool> FaultAsync(string problem, bool isRefusal, CancellationToken cancellationToken)
    {
        _isChecked = false;
        _collectionId = null;
        Report(problem);
        if (++_faults >= FaultsBeforeRebuild && !isRefusal)
        {
            _faults = 0;
            try
            {
                await RebuildAsync(cancellationToken);
            }
            catch (Exception again) when (again is HttpRequestException or ChromaException or InvalidOperationException)
            {
                // Not reachable now; the next fault asks again.
                return false;
            }
        }

        return false;
    }

    /// <summary>Deletes the collection and puts every record into the outbox again; the ordinary way fills the new one.</summary>
    public async Task RebuildAsync(CancellationToken cancellationToken)
    {
        try
        {
            await chroma.DeleteCollectionAsync(collectionName, cancellationToken);
        }
        catch (ChromaException problem) when (problem.IsCollectionMissing)
        {
            // Lost already.
        }

        _collectionId = null;
        var count = await database.WriteAsync(OutboxRows.EnqueueAll, null, cancellationToken);
        states.FallBehind(database.Tenant);
        metrics.Rebuilding();
        RebuildingCollection(collectionName, count);
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var batch = database.Read(connection => OutboxRows.Next(connection, options.BatchSize));
            if (batch.IsEmpty)
            {
                states.CaughtUp(database.Tenant);
                return;
            }

            var collection = await CollectionAsync(cancellationToken);
            if (batch.UpsertIds.Count > 0)
            {
                await chroma.UpsertAsync(collection, batch.UpsertIds, batch.Vectors, cancellationToken);
            }

            if (batch.DeleteIds.Count > 0)
            {
                await chroma.DeleteAsync(collection, batch.DeleteIds, cancellationToken);
            }

            await database.WriteAsync(connection => OutboxRows.Settle(connection, batch.LastPosition), null, cancellationToken);
        }
    }

    private async Task<bool> IsWholeAsync(CancellationToken cancellationToken)
    {
        var collection = await CollectionAsync(cancellationToken);
        // 1. The count, seen while nothing was on its way.
        var before = database.Read(Expectation);
        var count = await chroma.CountAsync(collection, cancellationToken);
        if (before.Pending > 0 || database.Read(Expectation) != before)
        {
            return true;
        }

        if (count != before.Expected)
        {
            CountDiffers(collectionName, count, before.Expected);
            return false;
        }

        // 2. A vector finds itself. Some vectors of a sound index are unreachable (7 of 10,000 random ones), three in a row are not.
        for (var i = 0; count > 0 && i < KnownVectorsTried; i++)
        {
            if (database.Read(connection => OutboxRows.Sample(connection, Random.Shared.NextDouble())) is not var (_, vector)
                || (await chroma.QueryAsync(collection, vector, 1, cancellationToken)).Any(hit => hit.Distance < SameVector))
            {
                return true;
            }
        }

        return count == 0;
    }

    private async Task<string> CollectionAsync(CancellationToken cancellationToken) =>
        _collectionId ??= (await chroma.EnsureAsync(collectionName, MiniLmEmbeddingGenerator.Dimensions, settings.SyncThreshold, cancellationToken)).Id;

    private static (long Expected, long Pending) Expectation(Microsoft.Data.Sqlite.SqliteConnection connection) =>
        (OutboxRows.Expected(connection), OutboxRows.Count(connection));

    private void Report(string problem)
    {
        var pending = database.Read(OutboxRows.Count);
        if (pending > 0)
        {
            states.FallBehind(database.Tenant);
        }

        states.Set(new IndexState(database.Tenant, problem.Length == 0, problem, pending));
        if (problem == _problem)
        {
            return;
        }

        // Once for each change of state, or an outage of a night would fill the log.
        if (problem.Length > 0)
        {
            IndexAway(collectionName, problem, pending);
        }
        else if (_problem.Length > 0)
        {
            IndexBack(collectionName);
        }

        _problem = problem;
    }

    [LoggerMessage(LogLevel.Warning, "{Collection}: {Problem} Memories are stored and searched without it; {Pending} changes wait for it.")]
    private partial void IndexAway(string collection, string problem, long pending);

    [LoggerMessage(LogLevel.Information, "{Collection}: Chroma has every change again.")]
    private partial void IndexBack(string collection);

    [LoggerMessage(LogLevel.Warning, "{Collection} is made anew from {Count} records.")]
    private partial void RebuildingCollection(string collection, int count);

    [LoggerMessage(LogLevel.Warning, "{Collection} holds {Count} vectors, the records are {Expected}.")]
    private partial void CountDiffers(string collection, int count, long expected);
}
