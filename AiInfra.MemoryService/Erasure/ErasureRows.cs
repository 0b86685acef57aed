using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AiInfra.MemoryService.Indexing;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Storage;
using Microsoft.Data.Sqlite;

namespace AiInfra.MemoryService.Erasure;

/// <summary>Erasure inside the tenant's file, and the chain of its receipts.</summary>
internal static class ErasureRows
{
    public const string NoPrevious = "";

    /// <summary>The memories of the scope, and what was taken from them: number and id.</summary>
    public static List<(long Sequence, string Id)> Find(SqliteConnection connection, string user, string? session, string? agent)
    {
        using var command = connection.Command(
            """
            WITH scope AS (
                SELECT seq, id FROM memories
                WHERE user = $1 AND ($2 IS NULL OR session = $2) AND ($3 IS NULL OR json_extract(attributes, '$.agentId') = $3))
            SELECT seq, id FROM scope
            UNION
            SELECT m.seq, m.id FROM scope s JOIN derivations d ON d.source = s.id JOIN memories m ON m.id = d.derived WHERE m.user = $1
            ORDER BY 1
            """,
            user, session, agent);
        using var reader = command.ExecuteReader();
        var found = new List<(long, string)>();
        while (reader.Read())
        {
            found.Add((reader.GetInt64(0), reader.GetString(1)));
        }

        return found;
    }

    /// <summary>Takes them out of every table.</summary>
    /// <returns>Entries of histories, and turns of chats, that went with them.</returns>
    public static (long History, long Turns) Erase(SqliteConnection connection, string user, IReadOnlyList<(long Sequence, string Id)> memories, bool isWholeUser)
    {
        var (history, turns) = (0L, 0L);
        foreach (var (sequence, id) in memories)
        {
            MemoryRows.Delete(connection, sequence);
            history += connection.Run("DELETE FROM history WHERE user = $1 AND id = $2", user, id);
            turns += Chat.InjectionRows.Forget(connection, id);
            OutboxRows.Add(connection, id, OutboxRows.Delete);
            Extraction.ExtractionRows.TakeDerived(connection, user, sequence, id);
        }

        if (isWholeUser)
        {
            // Also what is left of memories that were deleted before.
            history += connection.Run("DELETE FROM history WHERE user = $1", user);
            turns += Chat.InjectionRows.ForgetUser(connection, user);
            connection.Run("DELETE FROM idempotency WHERE user = $1", user);
            connection.Run("DELETE FROM users WHERE user = $1", user);
        }

        return (history, turns);
    }

    public static void Add(SqliteConnection connection, ErasureReceipt receipt, IReadOnlyList<string> ids) =>
        connection.Run(
            "INSERT INTO erasures (id, receipt, ids) VALUES ($1, $2, $3)",
            receipt.Id, JsonSerializer.Serialize(receipt, ErasureJson.Default.ErasureReceipt), string.Join(' ', ids));

    public static string LastHash(SqliteConnection connection)
    {
        using var command = connection.Command("SELECT receipt FROM erasures ORDER BY number DESC LIMIT 1");
        return command.ExecuteScalar() is string receipt ? Parse(receipt).Hash : NoPrevious;
    }

    /// <summary>All receipts up to this one with the ids that each erased, in order; empty when there is none of this id.</summary>
    public static List<(ErasureReceipt Receipt, string[] Ids)> ChainTo(SqliteConnection connection, string id)
    {
        using var command = connection.Command(
            "SELECT receipt, ids FROM erasures WHERE number <= (SELECT number FROM erasures WHERE id = $1) ORDER BY number", id);
        using var reader = command.ExecuteReader();
        var chain = new List<(ErasureReceipt, string[])>();
        while (reader.Read())
        {
            chain.Add((Parse(reader.GetString(0)), reader.GetString(1).Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        }

        return chain;
    }

    public static string HashOf(ErasureReceipt receipt, IReadOnlyList<string> ids) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{JsonSerializer.Serialize(receipt with { Hash = "" }, ErasureJson.Default.ErasureReceipt)}\n{string.Join('\n', ids)}")));

    public static (long Records, long History) Left(SqliteConnection connection, ErasureReceipt receipt, string[] ids)
    {
        var list = JsonSerializer.Serialize(ids, Chat.ChatJson.Default.StringArray);
        return (
            connection.Number("SELECT count(*) FROM memories WHERE user = $1 AND id IN (SELECT value FROM json_each($2))", receipt.User, list),
            connection.Number("SELECT count(*) FROM history WHERE user = $1 AND id IN (SELECT value FROM json_each($2))", receipt.User, list));
    }

    private static ErasureReceipt Parse(string receipt) => JsonSerializer.Deserialize(receipt, ErasureJson.Default.ErasureReceipt)!;
}
