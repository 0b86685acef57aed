using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Storage;
using Microsoft.Data.Sqlite;

namespace AiInfra.MemoryService.Extraction;

/// <summary>Which messages wait for extraction, and which memories came from which.</summary>
internal static class ExtractionRows
{
    public static void Enqueue(SqliteConnection connection, long sequence) => connection.Run("INSERT INTO extractions (seq, attempts) VALUES ($1, 0)", sequence);

    /// <summary>The messages that wait longest of one user and conversation, oldest first; those of one domain, for their facts will be of it.</summary>
    public static List<(long Sequence, MemoryRecord Memory)> Next(SqliteConnection connection, int limit)
    {
        var waiting = new List<(long, MemoryRecord)>();
        using var command = connection.Command("SELECT e.seq, m.user FROM extractions e JOIN memories m ON m.seq = e.seq ORDER BY e.attempts, e.seq LIMIT 1000");
        using var reader = command.ExecuteReader();
        MemoryRecord? first = null;
        while (waiting.Count < limit && reader.Read())
        {
            var (sequence, user) = (reader.GetInt64(0), reader.GetString(1));
            var memory = MemoryRows.Find(connection, user, sequence)!;
            first ??= memory;
            if (memory.User == first.User && Place(memory) == Place(first))
            {
                waiting.Add((sequence, memory));
            }
        }

        return waiting;

        static (string?, string?, string, string?) Place(MemoryRecord memory) =>
            (memory.Attributes.SessionId, memory.Attributes.AgentId, memory.Attributes.Domain, memory.Attributes.Subdomain);
    }

    /// <summary>These are done with.</summary>
    public static void Settle(SqliteConnection connection, IEnumerable<long> sequences)
    {
        foreach (var sequence in sequences)
        {
            connection.Run("DELETE FROM extractions WHERE seq = $1", sequence);
        }
    }

    /// <summary>A call for these brought nothing: they are asked again after the others, but not for ever.</summary>
    public static int Fail(SqliteConnection connection, IEnumerable<long> sequences, int maxAttempts)
    {
        var dropped = 0;
        foreach (var sequence in sequences)
        {
            connection.Run("UPDATE extractions SET attempts = attempts + 1 WHERE seq = $1", sequence);
            dropped += connection.Run("DELETE FROM extractions WHERE seq = $1 AND attempts >= $2", sequence, maxAttempts);
        }

        return dropped;
    }

    public static void Link(SqliteConnection connection, string source, string derived) =>
        connection.Run("INSERT OR IGNORE INTO derivations (source, derived) VALUES ($1, $2)", source, derived);

    public static List<string> SourcesOf(SqliteConnection connection, string derived)
    {
        using var command = connection.Command("SELECT source FROM derivations WHERE derived = $1 ORDER BY source", derived);
        using var reader = command.ExecuteReader();
        var sources = new List<string>();
        while (reader.Read())
        {
            sources.Add(reader.GetString(0));
        }

        return sources;
    }

    /// <summary>What came from a memory that is now gone: it tells the same, and goes too.</summary>
    public static List<(long Sequence, MemoryRecord Memory)> TakeDerived(SqliteConnection connection, string user, long sequence, string id)
    {
        Settle(connection, [sequence]);
        var derived = new List<(long, MemoryRecord)>();
        using (var command = connection.Command("SELECT derived FROM derivations WHERE source = $1", id))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                if (MemoryRows.Find(connection, user, reader.GetString(0)) is { } found)
                {
                    derived.Add(found);
                }
            }
        }

        connection.Run("DELETE FROM derivations WHERE source = $1 OR derived = $1", id);
        return derived;
    }
}
