using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Storage;
using Microsoft.Data.Sqlite;

namespace AiInfra.MemoryService.Memories;

/// <summary>Memories as rows. Every statement that a caller's id reaches names the user too: another one's row is not there.</summary>
internal static class MemoryRows
{
    private const string Columns = "id, user, text, attributes, version, created_at, updated_at";
    private const string ForIndex = "SELECT m.seq, m.text, m.attributes, m.created_at, v.sentence, v.tokens FROM memories m JOIN vectors v ON v.seq = m.seq";

    public static long Insert(SqliteConnection connection, MemoryRecord memory, ContextualEmbedding embedding, string model)
    {
        connection.Run(
            """
            INSERT INTO memories (id, user, session, text, attributes, content_hash, version, created_at, updated_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            memory.Id, memory.User, memory.Attributes.SessionId, memory.Text, Json(memory.Attributes), ContentHash(memory.Text), memory.Version,
            Milliseconds(memory.CreatedAt), Milliseconds(memory.UpdatedAt), Expiry(memory.Attributes));
        var sequence = connection.Number("SELECT last_insert_rowid()");
        WriteVectors(connection, sequence, embedding, model);
        return sequence;
    }

    public static void Update(SqliteConnection connection, long sequence, MemoryRecord memory) =>
        connection.Run(
            "UPDATE memories SET text = $2, attributes = $3, content_hash = $4, version = $5, updated_at = $6, expires_at = $7 WHERE seq = $1",
            sequence, memory.Text, Json(memory.Attributes), ContentHash(memory.Text), memory.Version, Milliseconds(memory.UpdatedAt), Expiry(memory.Attributes));

    public static void WriteVectors(SqliteConnection connection, long sequence, ContextualEmbedding embedding, string model) =>
        connection.Run(
            "INSERT OR REPLACE INTO vectors (seq, model, sentence, tokens) VALUES ($1, $2, $3, $4)",
            sequence, model, MemoryMarshal.AsBytes(embedding.Vector.Span).ToArray(), embedding.Tokens.ToBytes());

    public static void Delete(SqliteConnection connection, long sequence)
    {
        connection.Run("DELETE FROM memories WHERE seq = $1", sequence);
        connection.Run("DELETE FROM vectors WHERE seq = $1", sequence);
    }

    public static (long Sequence, MemoryRecord Memory)? Find(SqliteConnection connection, string user, string id)
    {
        using var command = connection.Command($"SELECT {Columns}, seq FROM memories WHERE user = $1 AND id = $2", user, id);
        using var reader = command.ExecuteReader();
        return reader.Read() ? (reader.GetInt64(7), Read(reader)) : null;
    }

    public static MemoryRecord? Find(SqliteConnection connection, string user, long sequence)
    {
        using var command = connection.Command($"SELECT {Columns} FROM memories WHERE seq = $2 AND user = $1", user, sequence);
        using var reader = command.ExecuteReader();
        return reader.Read() ? Read(reader) : null;
    }

    /// <summary>Newest first, at most <paramref name="limit"/>, older than <paramref name="before"/> when that is given.</summary>
    public static List<MemoryRecord> Page(SqliteConnection connection, string user, string? session, string? before, int limit, DateTimeOffset now)
    {
        using var command = connection.Command(
            $"""
            SELECT {Columns} FROM memories
            WHERE user = $1 AND id < $2 AND ($3 IS NULL OR session = $3) AND (expires_at IS NULL OR expires_at > $5)
            ORDER BY id DESC LIMIT $4
            """,
            user, before ?? "~", session, limit, Milliseconds(now));
        using var reader = command.ExecuteReader();
        var page = new List<MemoryRecord>();
        while (reader.Read())
        {
            page.Add(Read(reader));
        }

        return page;
    }

    /// <summary>Every memory of the user, in the order of storing, read as it is asked for.</summary>
    public static IEnumerable<MemoryRecord> All(SqliteConnection connection, string user)
    {
        using var command = connection.Command($"SELECT {Columns} FROM memories WHERE user = $1 ORDER BY seq", user);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return Read(reader);
        }
    }

    public static bool Exists(SqliteConnection connection, string id) => connection.Number("SELECT count(*) FROM memories WHERE id = $1", id) > 0;

    /// <summary>Memories of any user whose time is over, at most <paramref name="limit"/>.</summary>
    public static List<(long Sequence, MemoryRecord Memory)> Expired(SqliteConnection connection, DateTimeOffset now, int limit)
    {
        using var command = connection.Command(
            $"SELECT {Columns}, seq FROM memories WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2", Milliseconds(now), limit);
        using var reader = command.ExecuteReader();
        var expired = new List<(long, MemoryRecord)>();
        while (reader.Read())
        {
            expired.Add((reader.GetInt64(7), Read(reader)));
        }

        return expired;
    }

    /// <summary>The earliest memory of the user with these very words outside any session.</summary>
    public static string? DuplicateOf(SqliteConnection connection, string user, string text)
    {
        using var command = connection.Command(
            "SELECT id FROM memories WHERE user = $1 AND content_hash = $2 AND session IS NULL AND text = $3 ORDER BY seq LIMIT 1", user, ContentHash(text), text);
        return command.ExecuteScalar() as string;
    }

    /// <summary>Everything that the user's index is made of, in the order of storing.</summary>
    public static IEnumerable<IndexedMemory> ReadForIndex(SqliteConnection connection, string user)
    {
        using var command = connection.Command($"{ForIndex} WHERE m.user = $1 ORDER BY m.seq", user);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return Indexed(reader);
        }
    }

    public static IndexedMemory ReadForIndex(SqliteConnection connection, string user, long sequence)
    {
        using var command = connection.Command($"{ForIndex} WHERE m.user = $1 AND m.seq = $2", user, sequence);
        using var reader = command.ExecuteReader();
        return reader.Read() ? Indexed(reader) : throw new InvalidOperationException($"Row {sequence} was there a moment ago.");
    }

    public static string Json(MemoryAttributes attributes) => JsonSerializer.Serialize(attributes, MemoryJson.Default.MemoryAttributes);

    public static MemoryAttributes Attributes(string json) => JsonSerializer.Deserialize(json, MemoryJson.Default.MemoryAttributes)!;

    public static long Milliseconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private static IndexedMemory Indexed(SqliteDataReader reader) => new(
        reader.GetInt64(0), reader.GetString(1), Attributes(reader.GetString(2)), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(3)),
        MemoryMarshal.Cast<byte, float>((byte[])reader[4]).ToArray(), TokenVectors.FromBytes((byte[])reader[5]));

    private static long? Expiry(MemoryAttributes attributes) =>
        attributes is { Pinned: false, ExpiresAt: { } expiry } ? Milliseconds(expiry) : null;

    private static byte[] ContentHash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text))[..16];

    private static MemoryRecord Read(SqliteDataReader reader) => new()
    {
        Id = reader.GetString(0),
        User = reader.GetString(1),
        Text = reader.GetString(2),
        Attributes = Attributes(reader.GetString(3)),
        Version = reader.GetInt32(4),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(5)),
        UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(6)),
    };
}
