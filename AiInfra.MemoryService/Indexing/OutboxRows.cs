using System.Runtime.InteropServices;
using AiInfra.MemoryService.Storage;
using Microsoft.Data.Sqlite;

namespace AiInfra.MemoryService.Indexing;

/// <summary>What the next call to Chroma carries: vectors to write, ids to delete, and the last outbox entry that this settles.</summary>
internal sealed record OutboxBatch(IReadOnlyList<string> UpsertIds, IReadOnlyList<float[]> Vectors, IReadOnlyList<string> DeleteIds, long LastPosition)
{
    public bool IsEmpty => LastPosition == 0;
}

/// <summary>The outbox as rows. Entries are written in the transaction of the change that they announce.</summary>
internal static class OutboxRows
{
    public const string Upsert = "upsert";
    public const string Delete = "delete";

    public static void Add(SqliteConnection connection, string id, string action) =>
        connection.Run("INSERT INTO outbox (id, action) VALUES ($1, $2)", id, action);

    public static long Count(SqliteConnection connection) => connection.Number("SELECT count(*) FROM outbox");

    /// <summary>Vectors that Chroma holds once the outbox is empty.</summary>
    public static long Expected(SqliteConnection connection) => connection.Number("SELECT count(*) FROM vectors");

    /// <summary>The oldest entries. Of several for one memory only its state of now is sent: what is gone is deleted, what is there is written.</summary>
    public static OutboxBatch Next(SqliteConnection connection, int limit)
    {
        using var command = connection.Command(
            """
            SELECT o.position, o.id, v.sentence
            FROM (SELECT position, id FROM outbox ORDER BY position LIMIT $1) o
            LEFT JOIN memories m ON m.id = o.id LEFT JOIN vectors v ON v.seq = m.seq
            ORDER BY o.position
            """,
            limit);
        using var reader = command.ExecuteReader();
        var vectors = new Dictionary<string, float[]>(StringComparer.Ordinal);
        var deleted = new HashSet<string>(StringComparer.Ordinal);
        var last = 0L;
        while (reader.Read())
        {
            last = reader.GetInt64(0);
            if (reader.IsDBNull(2))
            {
                deleted.Add(reader.GetString(1));
            }
            else
            {
                vectors[reader.GetString(1)] = MemoryMarshal.Cast<byte, float>((byte[])reader[2]).ToArray();
            }
        }

        return new OutboxBatch([.. vectors.Keys], [.. vectors.Values], [.. deleted], last);
    }

    public static int Settle(SqliteConnection connection, long lastPosition) => connection.Run("DELETE FROM outbox WHERE position <= $1", lastPosition);

    /// <summary>Everything is to be written again: the collection is new.</summary>
    public static int EnqueueAll(SqliteConnection connection)
    {
        connection.Run("DELETE FROM outbox");
        return connection.Run($"INSERT INTO outbox (id, action) SELECT id, '{Upsert}' FROM memories ORDER BY seq");
    }

    /// <summary>A memory with its vector, for a question whose answer is known: the first one at or after a share of all numbers given.</summary>
    public static (string Id, float[] Vector)? Sample(SqliteConnection connection, double share)
    {
        var from = (long)(share * connection.Number("SELECT max(seq) FROM vectors"));
        using var command = connection.Command(
            "SELECT m.id, v.sentence FROM vectors v JOIN memories m ON m.seq = v.seq WHERE v.seq >= $1 ORDER BY v.seq LIMIT 1", from);
        using var reader = command.ExecuteReader();
        return reader.Read() ? (reader.GetString(0), MemoryMarshal.Cast<byte, float>((byte[])reader[1]).ToArray()) : null;
    }
}
