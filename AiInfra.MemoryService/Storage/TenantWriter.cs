using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace AiInfra.MemoryService.Storage;

/// <summary>
/// The only writer of a file. Writes that wait together share one transaction and so one sync, which is what a write costs;
/// each has a savepoint of its own, so that one that fails takes no other with it.
/// </summary>
internal sealed class TenantWriter : IAsyncDisposable
{
    private const int MaxWritesPerSync = 128;

    private readonly Channel<Operation> _waiting;
    private readonly SqliteConnection _connection;
    private readonly Task _loop;

    public TenantWriter(SqliteConnection connection, int maxPendingWrites)
    {
        _connection = connection;
        _waiting = Channel.CreateBounded<Operation>(new BoundedChannelOptions(maxPendingWrites) { SingleReader = true });
        _loop = RunAsync();
    }

    public async Task<T> WriteAsync<T>(Func<SqliteConnection, T> operation, Action<T>? committed, CancellationToken cancellationToken)
    {
        var waiting = new Operation<T>(operation, committed);
        await _waiting.Writer.WriteAsync(waiting, cancellationToken);
        return await waiting.Completion;
    }

    /// <summary>Runs a statement that no transaction may hold, between two of them.</summary>
    public async Task AloneAsync(string statement, CancellationToken cancellationToken)
    {
        var waiting = new Operation<int>(connection => connection.Run(statement), null) { IsAlone = true };
        await _waiting.Writer.WriteAsync(waiting, cancellationToken);
        await waiting.Completion;
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _loop;
        _connection.Dispose();
    }

    private async Task RunAsync()
    {
        var batch = new List<Operation>(MaxWritesPerSync);
        while (await _waiting.Reader.WaitToReadAsync())
        {
            Operation? alone = null;
            while (alone is null && batch.Count < MaxWritesPerSync && _waiting.Reader.TryRead(out var operation))
            {
                if (operation.IsAlone)
                {
                    alone = operation;
                }
                else
                {
                    batch.Add(operation);
                }
            }

            if (batch.Count > 0)
            {
                Carry(batch);
                batch.Clear();
            }

            if (alone is not null)
            {
                alone.TryRun(_connection);
                alone.Complete();
            }
        }
    }

    private void Carry(List<Operation> batch)
    {
        try
        {
            using var transaction = _connection.BeginTransaction();
            foreach (var operation in batch)
            {
                transaction.Save("operation");
                if (!operation.TryRun(_connection))
                {
                    transaction.Rollback("operation");
                }

                transaction.Release("operation");
            }

            transaction.Commit();
        }
        catch (SqliteException problem)
        {
            // The disk is full, read-only or broken: nothing of this transaction is there.
            batch.ForEach(operation => operation.Fail(problem));
            return;
        }

        batch.ForEach(operation => operation.Complete());
    }

    private abstract class Operation
    {
        /// <summary>It belongs in no transaction.</summary>
        public bool IsAlone { get; init; }

        public abstract bool TryRun(SqliteConnection connection);

        public abstract void Complete();

        public abstract void Fail(Exception problem);
    }

    private sealed class Operation<T>(Func<SqliteConnection, T> run, Action<T>? committed) : Operation
    {
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;
        private Exception? _problem;

        public Task<T> Completion => _completion.Task;

        public override bool TryRun(SqliteConnection connection)
        {
            try
            {
                _result = run(connection);
                return true;
            }
            catch (Exception problem)
            {
                // Handed to the one who waits, whatever it is: the writer itself goes on.
                _problem = problem;
                return false;
            }
        }

        public override void Complete()
        {
            if (_problem is not null)
            {
                _completion.SetException(_problem);
                return;
            }

            try
            {
                committed?.Invoke(_result!);
                _completion.SetResult(_result!);
            }
            catch (Exception problem)
            {
                _completion.SetException(problem);
            }
        }

        public override void Fail(Exception problem) => _completion.TrySetException(_problem ?? problem);
    }
}
