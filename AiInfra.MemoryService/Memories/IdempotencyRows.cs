using System.Security.Cryptography;
using System.Text.Json;
using AiInfra.MemoryService.Storage;
using Microsoft.Data.Sqlite;

namespace AiInfra.MemoryService.Memories;

/// <summary>Keys of stores already done. They are kept for a day: a client that repeats later repeats on purpose.</summary>
internal static class IdempotencyRows
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    public static byte[] Hash(IReadOnlyList<CreateMemoryRequest> requests) =>
        SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new CreateMemoriesRequest(requests), MemoryJson.Default.CreateMemoriesRequest));

    public static (byte[]? RequestHash, string[] Ids) Find(SqliteConnection connection, string user, string key)
    {
        using var command = connection.Command("SELECT request_hash, ids FROM idempotency WHERE user = $1 AND key = $2", user, key);
        using var reader = command.ExecuteReader();
        return reader.Read() ? ((byte[])reader[0], reader.GetString(1).Split(' ')) : (null, []);
    }

    public static void Add(SqliteConnection connection, string user, string key, byte[] requestHash, IEnumerable<string> ids, DateTimeOffset now)
    {
        connection.Run("DELETE FROM idempotency WHERE at < $1", MemoryRows.Milliseconds(now - Kept));
        connection.Run(
            "INSERT INTO idempotency (user, key, request_hash, ids, at) VALUES ($1, $2, $3, $4, $5)",
            user, key, requestHash, string.Join(' ', ids), MemoryRows.Milliseconds(now));
    }
}
