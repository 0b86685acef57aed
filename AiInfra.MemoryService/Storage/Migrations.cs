using Microsoft.Data.Sqlite;

namespace AiInfra.MemoryService.Storage;

/// <summary>The steps from an empty file to today's schema. A step that has shipped is never changed, only followed by another.</summary>
internal static class Migrations
{
    private static readonly string[] Steps =
    [
        """
        -- seq gives the order of storing within the whole file; it never leaves the service.
        CREATE TABLE memories (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            user TEXT NOT NULL,
            session TEXT,
            text TEXT NOT NULL,
            attributes TEXT NOT NULL,
            content_hash BLOB NOT NULL,
            version INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            expires_at INTEGER
        );
        CREATE INDEX memories_by_user ON memories (user, id);
        CREATE INDEX memories_by_hash ON memories (user, content_hash);
        CREATE INDEX memories_by_expiry ON memories (expires_at) WHERE expires_at IS NOT NULL;

        -- Counted as they come and go: counting rows at every store would cost more than the store.
        CREATE TABLE users (user TEXT NOT NULL PRIMARY KEY, memories INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TRIGGER memory_added AFTER INSERT ON memories BEGIN
            INSERT INTO users (user, memories) VALUES (new.user, 1) ON CONFLICT (user) DO UPDATE SET memories = memories + 1;
        END;
        CREATE TRIGGER memory_removed AFTER DELETE ON memories BEGIN
            UPDATE users SET memories = memories - 1 WHERE user = old.user;
        END;

        -- Apart from the records, so that reading a record does not read its vectors' pages.
        CREATE TABLE vectors (
            seq INTEGER PRIMARY KEY,
            model TEXT NOT NULL,
            sentence BLOB NOT NULL,
            tokens BLOB NOT NULL
        );

        CREATE TABLE history (
            user TEXT NOT NULL,
            id TEXT NOT NULL,
            version INTEGER NOT NULL,
            action TEXT NOT NULL,
            actor TEXT NOT NULL,
            at INTEGER NOT NULL,
            text TEXT,
            attributes TEXT,
            PRIMARY KEY (user, id, version, action)
        ) WITHOUT ROWID;

        -- What the vector index has not been told yet. An entry names a memory, not a content: the last state is what is sent.
        CREATE TABLE outbox (
            position INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            action TEXT NOT NULL
        );

        CREATE TABLE idempotency (
            user TEXT NOT NULL,
            key TEXT NOT NULL,
            request_hash BLOB NOT NULL,
            ids TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (user, key)
        ) WITHOUT ROWID;
        CREATE INDEX idempotency_by_age ON idempotency (at);
        """,
        """
        -- What was added to the turns of chats, to be added again byte for byte when the turn comes again.
        CREATE TABLE injections (
            user TEXT NOT NULL,
            turn TEXT NOT NULL,
            text TEXT NOT NULL,
            ids TEXT NOT NULL,
            seen_at INTEGER NOT NULL,
            PRIMARY KEY (user, turn)
        ) WITHOUT ROWID;
        CREATE INDEX injections_by_age ON injections (user, seen_at);

        -- Which memories it tells: with one of them the text goes.
        CREATE TABLE injected (
            id TEXT NOT NULL,
            user TEXT NOT NULL,
            turn TEXT NOT NULL,
            PRIMARY KEY (id, user, turn)
        ) WITHOUT ROWID;
        CREATE INDEX injected_by_turn ON injected (user, turn);
        """,
        """
        -- Receipts of erasures, each with the ids that are gone: random numbers that tell nothing, to look for them later.
        CREATE TABLE erasures (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            receipt TEXT NOT NULL,
            ids TEXT NOT NULL
        );
        """,
        """
        -- Messages from which facts are still to be taken.
        CREATE TABLE extractions (seq INTEGER PRIMARY KEY, attempts INTEGER NOT NULL);

        -- Which memory was taken from which: with its source it goes.
        CREATE TABLE derivations (source TEXT NOT NULL, derived TEXT NOT NULL, PRIMARY KEY (source, derived)) WITHOUT ROWID;
        CREATE INDEX derivations_by_derived ON derivations (derived);
        """,
    ];

    public static int Latest => Steps.Length;

    /// <exception cref="InvalidOperationException">The file was written by a newer version of the service.</exception>
    public static void Apply(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        var version = Convert.ToInt32(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
        if (version > Steps.Length)
        {
            throw new InvalidOperationException(
                $"{connection.DataSource} has schema {version}, this version of the service knows up to {Steps.Length}: start the newer version.");
        }

        for (; version < Steps.Length; version++)
        {
            using var transaction = connection.BeginTransaction();
            using var step = connection.CreateCommand();
            step.Transaction = transaction;
            step.CommandText = $"{Steps[version]}\nPRAGMA user_version = {version + 1};";
            step.ExecuteNonQuery();
            transaction.Commit();
        }
    }
}
