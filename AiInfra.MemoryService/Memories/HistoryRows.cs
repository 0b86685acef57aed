using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Storage;
using Microsoft.Data.Sqlite;

namespace AiInfra.MemoryService.Memories;

/// <summary>Who changed a memory, when and from what. The words go with the memory; that it was deleted, and by whom, stays.</summary>
internal static class HistoryRows
{
    public const string Created = "created";
    public const string Imported = "imported";
    public const string Updated = "updated";
    public const string Superseded = "superseded";
    public const string Deleted = "deleted";
    public const string Expired = "expired";

    public static void Add(SqliteConnection connection, MemoryRecord memory, string action, string actor, DateTimeOffset at) =>
        connection.Run(
            "INSERT OR REPLACE INTO history (user, id, version, action, actor, at, text, attributes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            memory.User, memory.Id, memory.Version, action, actor, MemoryRows.Milliseconds(at), memory.Text, MemoryRows.Json(memory.Attributes));

    /// <summary>The end of a memory: its earlier words are erased, the list of changes is kept.</summary>
    public static void Close(SqliteConnection connection, MemoryRecord memory, string action, string actor, DateTimeOffset at)
    {
        connection.Run("UPDATE history SET text = NULL, attributes = NULL WHERE user = $1 AND id = $2", memory.User, memory.Id);
        connection.Run(
            "INSERT INTO history (user, id, version, action, actor, at) VALUES ($1, $2, $3, $4, $5, $6)",
            memory.User, memory.Id, memory.Version + 1, action, actor, MemoryRows.Milliseconds(at));
    }

    public static List<MemoryVersionResponse> Of(SqliteConnection connection, Caller caller, string id)
    {
        using var command = connection.Command(
            "SELECT version, action, actor, at, text FROM history WHERE user = $1 AND id = $2 ORDER BY version", caller.User, id);
        using var reader = command.ExecuteReader();
        var versions = new List<MemoryVersionResponse>();
        while (reader.Read())
        {
            versions.Add(new MemoryVersionResponse(
                reader.GetInt32(0), reader.GetString(1), reader.GetString(2), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(3)),
                reader.IsDBNull(4) ? null : reader.GetString(4)));
        }

        return versions;
    }
}
