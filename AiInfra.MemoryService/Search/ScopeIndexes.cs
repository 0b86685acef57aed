using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Storage;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Search;

/// <summary>The indexes of the users who search: read from their records at the first search, kept in step by every write.</summary>
internal sealed partial class ScopeIndexes(TenantDatabases databases, IOptions<SearchOptions> options, TimeProvider time, ILogger<ScopeIndexes> logger)
{
    private readonly Dictionary<(string Tenant, string User), LoadedScope> _scopes = [];
    private readonly Lock _lock = new();

    /// <summary>Reads from the caller's index, which holds every acknowledged write.</summary>
    public async Task<T> ReadAsync<T>(Caller caller, Func<ScopeIndex, T> read, CancellationToken cancellationToken)
    {
        var scope = Of(caller);
        await scope.Loading.WaitAsync(cancellationToken);
        var result = scope.Read(read);
        DropLeastRecentlyUsed();
        return result;
    }

    /// <summary>Called for every committed change, in the order of the commits of its tenant.</summary>
    public void Apply(string tenant, string user, IEnumerable<IndexChange> changes)
    {
        LoadedScope? scope;
        lock (_lock)
        {
            _scopes.TryGetValue((tenant, user), out scope);
        }

        if (scope is null)
        {
            // Nobody has searched there: the index will be read when someone does.
            return;
        }

        foreach (var change in changes)
        {
            scope.Apply(change);
        }
    }

    /// <summary>Forgets a user's index; it is read again when someone searches there.</summary>
    public void Drop(string tenant, string user)
    {
        lock (_lock)
        {
            _scopes.Remove((tenant, user));
        }
    }

    private LoadedScope Of(Caller caller)
    {
        lock (_lock)
        {
            if (!_scopes.TryGetValue((caller.Tenant, caller.User), out var scope) || scope.Loading.IsFaulted)
            {
                var loading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                scope = new LoadedScope(caller.Tenant, caller.User) { Loading = loading.Task };
                _scopes[(caller.Tenant, caller.User)] = scope;
                _ = LoadAsync(scope, loading);
            }

            scope.LastUsed = time.GetTimestamp();
            return scope;
        }
    }

    private async Task LoadAsync(LoadedScope scope, TaskCompletionSource loading)
    {
        try
        {
            await Task.Yield();
            var started = time.GetTimestamp();
            var database = databases.Of(scope.Tenant);
            using var connection = database.OpenReader();
            // The snapshot begins inside the writer: what was committed before is read, and what is committed from now on reaches
            // the scope as a change. Nothing is missed, and what comes both ways replaces itself.
            using var snapshot = await database.WriteAsync(_ => SqliteConnections.BeginSnapshot(connection), null, CancellationToken.None);
            scope.Fill(MemoryRows.ReadForIndex(connection, scope.User));
            IndexLoaded(scope.Count, time.GetElapsedTime(started).TotalMilliseconds);
            loading.SetResult();
        }
        catch (Exception problem)
        {
            loading.SetException(problem);
        }
    }

    private void DropLeastRecentlyUsed()
    {
        lock (_lock)
        {
            var held = _scopes.Values.Sum(scope => (long)scope.Count);
            if (held <= options.Value.MaxIndexedMemories)
            {
                return;
            }

            // The one in use stays even if it is larger than everything that may be held.
            foreach (var scope in _scopes.Values.OrderBy(scope => scope.LastUsed).Take(_scopes.Count - 1).ToList())
            {
                if (held <= options.Value.MaxIndexedMemories)
                {
                    return;
                }

                held -= scope.Count;
                _scopes.Remove((scope.Tenant, scope.User));
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Read the index of {Count} memories in {Milliseconds:0} ms.")]
    private partial void IndexLoaded(int count, double milliseconds);
}
