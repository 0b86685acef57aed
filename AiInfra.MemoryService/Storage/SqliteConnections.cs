using Microsoft.Data.Sqlite;

namespace AiInfra.MemoryService.Storage;

/// <summary>Opens connections with the settings that durability rests on.</summary>
internal static class SqliteConnections
{
    public static SqliteConnection Open(string path, bool readOnly)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            // The database keeps its own readers: a pool would hand a connection to whoever comes next with its settings.
            Pooling = false,
            DefaultTimeout = 30,
        }.ConnectionString);
        connection.Open();
        // Deleted words are overwritten, not only unlinked.
        // FULL syncs the log at every commit: what is acknowledged survives a power cut, not only the death of the process.
        Execute(connection, $"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA mmap_size = 268435456;{(readOnly ? " PRAGMA query_only = ON;" : "")}");
        return connection;
    }

    /// <summary>An empty file for a copy.</summary>
    public static SqliteConnection Create(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        connection.Open();
        return connection;
    }

    /// <summary>Reads from now on what the file holds now.</summary>
    public static SqliteTransaction BeginSnapshot(SqliteConnection connection)
    {
        var transaction = connection.BeginTransaction(deferred: true);
        // A deferred transaction begins with its first read.
        connection.Number("SELECT count(*) FROM sqlite_master");
        return transaction;
    }

    public static void Execute(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>A command with its parameters, named <c>$1</c>, <c>$2</c>, … in order; null is stored as NULL.</summary>
    public static SqliteCommand Command(this SqliteConnection connection, string sql, params ReadOnlySpan<object?> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < parameters.Length; i++)
        {
            command.Parameters.AddWithValue($"${i + 1}", parameters[i] ?? DBNull.Value);
        }

        return command;
    }

    public static int Run(this SqliteConnection connection, string sql, params ReadOnlySpan<object?> parameters)
    {
        using var command = connection.Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    public static long Number(this SqliteConnection connection, string sql, params ReadOnlySpan<object?> parameters)
    {
        using var command = connection.Command(sql, parameters);
        return command.ExecuteScalar() is long number ? number : 0;
    }
}
