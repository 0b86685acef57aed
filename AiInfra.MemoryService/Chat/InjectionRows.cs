using System.Text.Json;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Storage;
using Microsoft.Data.Sqlite;

namespace AiInfra.MemoryService.Chat;

/// <summary>
/// What was added to the turns of chats. It must be the same bytes each time a turn comes again, or the model server's prefix cache is
/// worth nothing; and it must be gone once a memory in it is deleted or quarantined.
/// </summary>
internal static class InjectionRows
{
    public static List<InjectionResponse> Find(SqliteConnection connection, string user, IReadOnlyList<string> turns)
    {
        using var command = connection.Command(
            "SELECT turn, text, ids FROM injections WHERE user = $1 AND turn IN (SELECT value FROM json_each($2))", user, Json(turns));
        using var reader = command.ExecuteReader();
        var found = new List<InjectionResponse>();
        while (reader.Read())
        {
            found.Add(new InjectionResponse(reader.GetString(0), reader.GetString(1), reader.GetString(2).Split(' ')));
        }

        return found;
    }

    public static void Put(SqliteConnection connection, string user, InjectionResponse injection, DateTimeOffset now)
    {
        Drop(connection, user, injection.Turn);
        connection.Run(
            "INSERT INTO injections (user, turn, text, ids, seen_at) VALUES ($1, $2, $3, $4, $5)",
            user, injection.Turn, injection.Text, string.Join(' ', injection.MemoryIds), MemoryRows.Milliseconds(now));
        foreach (var id in injection.MemoryIds)
        {
            connection.Run("INSERT OR IGNORE INTO injected (id, user, turn) VALUES ($1, $2, $3)", id, user, injection.Turn);
        }
    }

    public static void Touch(SqliteConnection connection, string user, IReadOnlyList<string> turns, DateTimeOffset now) =>
        connection.Run(
            "UPDATE injections SET seen_at = $3 WHERE user = $1 AND turn IN (SELECT value FROM json_each($2))", user, Json(turns), MemoryRows.Milliseconds(now));

    public static void Drop(SqliteConnection connection, string user, string turn)
    {
        connection.Run("DELETE FROM injected WHERE user = $1 AND turn = $2", user, turn);
        connection.Run("DELETE FROM injections WHERE user = $1 AND turn = $2", user, turn);
    }

    /// <summary>Forgets every text that tells this memory, whoever it was told.</summary>
    public static int Forget(SqliteConnection connection, string memoryId)
    {
        var dropped = connection.Run("DELETE FROM injections WHERE (user, turn) IN (SELECT user, turn FROM injected WHERE id = $1)", memoryId);
        if (dropped > 0)
        {
            connection.Run("DELETE FROM injected WHERE (user, turn) IN (SELECT user, turn FROM injected WHERE id = $1)", memoryId);
        }

        return dropped;
    }

    /// <summary>Forgets everything of a user, whatever part of it a caller saw.</summary>
    public static int ForgetUser(SqliteConnection connection, string user)
    {
        connection.Run("DELETE FROM injected WHERE user = $1 OR substr(user, 1, length($1) + 1) = $1 || char(10)", user);
        return connection.Run("DELETE FROM injections WHERE user = $1 OR substr(user, 1, length($1) + 1) = $1 || char(10)", user);
    }

    /// <summary>Keeps the newest: what nobody has continued for long goes.</summary>
    public static void Trim(SqliteConnection connection, string user, DateTimeOffset before, int most)
    {
        var limit = connection.Number("SELECT seen_at FROM injections WHERE user = $1 ORDER BY seen_at DESC LIMIT 1 OFFSET $2", user, most);
        var oldest = Math.Max(limit, MemoryRows.Milliseconds(before));
        if (connection.Run("DELETE FROM injections WHERE user = $1 AND seen_at <= $2", user, oldest) > 0)
        {
            connection.Run("DELETE FROM injected WHERE user = $1 AND turn NOT IN (SELECT turn FROM injections WHERE user = $1)", user);
        }
    }

    private static string Json(IReadOnlyList<string> turns) => JsonSerializer.Serialize([.. turns], ChatJson.Default.StringArray);
}
