using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace AiInfra.MemoryService.Storage;

/// <summary>One tenant's file: many readers, and one writer that gathers waiting writes into one synced transaction.</summary>
internal sealed class TenantDatabase : IAsyncDisposable
{
    private const int IdleReaders = 8;

    private readonly ConcurrentBag<SqliteConnection> _readers = [];
    private readonly TenantWriter _writer;
    private readonly string _path;
    private int _reads;

    public TenantDatabase(string tenant, string path, int maxPendingWrites)
    {
        Tenant = tenant;
        _path = path;
        var connection = SqliteConnections.Open(path, readOnly: false);
        Migrations.Apply(connection);
        connection.Execute("CREATE TABLE IF NOT EXISTS tenant (name TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID");
        connection.Run("INSERT OR IGNORE INTO tenant (name) VALUES ($1)", tenant);
        _writer = new TenantWriter(connection, maxPendingWrites);
    }

    public string Tenant { get; }

    /// <summary>Writes, and returns once the change is synced to the disk.</summary>
    /// <param name="operation">Runs inside the transaction; an exception undoes this operation alone.</param>
    /// <param name="committed">Runs after the sync and before the caller goes on, in the order of the commits.</param>
    /// <param name="cancellationToken">Given up only while it waits: an operation that has begun is carried out.</param>
    public Task<T> WriteAsync<T>(Func<SqliteConnection, T> operation, Action<T>? committed, CancellationToken cancellationToken) =>
        _writer.WriteAsync(operation, committed, cancellationToken);

    /// <summary>Reads in one snapshot of the file.</summary>
    public T Read<T>(Func<SqliteConnection, T> operation)
    {
        Interlocked.Increment(ref _reads);
        var connection = TakeReader();
        try
        {
            using var transaction = connection.BeginTransaction(deferred: true);
            return operation(connection);
        }
        finally
        {
            GiveBack(connection);
        }
    }

    /// <summary>Closes the readers that nobody used since the last call: a tenant at rest holds one connection.</summary>
    public void TrimReaders()
    {
        if (Interlocked.Exchange(ref _reads, 0) == 0)
        {
            while (_readers.TryTake(out var connection))
            {
                connection.Dispose();
            }
        }
    }

    /// <summary>A connection of its own for a long read, for example an export. The caller disposes it.</summary>
    public SqliteConnection OpenReader() => SqliteConnections.Open(_path, readOnly: true);

    /// <summary>Copies the file as it is now into a folder, without stopping writes. Gives the bytes of the copy.</summary>
    public async Task<long> CopyAsync(string folder, CancellationToken cancellationToken)
    {
        var target = Path.Combine(folder, Path.GetFileName(_path));
        using var connection = OpenReader();
        // Begun inside the writer: what was acknowledged before is in the copy.
        using var snapshot = await WriteAsync(_ => SqliteConnections.BeginSnapshot(connection), null, cancellationToken);
        using (var copy = SqliteConnections.Create(target))
        {
            connection.BackupDatabase(copy);
        }

        return new FileInfo(target).Length;
    }

    /// <summary>Moves the write-ahead log into the file and empties it, so that nothing erased is left there.</summary>
    public Task WriteOutLogAsync(CancellationToken cancellationToken) => _writer.AloneAsync("PRAGMA wal_checkpoint(TRUNCATE)", cancellationToken);

    /// <summary>Share of the file that holds nothing any more, 0 to 1.</summary>
    public double FreeShare() => Read(connection => connection.Number("PRAGMA freelist_count") / (double)Math.Max(1, connection.Number("PRAGMA page_count")));

    /// <summary>Writes the file anew without its holes; writes wait that long, reads go on.</summary>
    public async Task VacuumAsync(CancellationToken cancellationToken)
    {
        await _writer.AloneAsync("VACUUM", cancellationToken);
        await WriteOutLogAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        while (_readers.TryTake(out var connection))
        {
            connection.Dispose();
        }
    }

    private SqliteConnection TakeReader() => _readers.TryTake(out var connection) ? connection : OpenReader();

    private void GiveBack(SqliteConnection connection)
    {
        if (_readers.Count < IdleReaders)
        {
            _readers.Add(connection);
        }
        else
        {
            connection.Dispose();
        }
    }
}
