using AiInfra.MemoryService.Storage;
using Microsoft.Data.Sqlite;

namespace AiInfra.MemoryService.Backup;

/// <summary>
/// <c>AiInfra.MemoryService restore --from BACKUP --to FOLDER</c>: puts a backup into an empty data folder, checked, and brought to
/// today's schema. Chroma follows by itself: the service sees that its collections differ.
/// </summary>
internal static class RestoreCommand
{
    public const string Name = "restore";

    /// <returns>The exit code: 0 when everything is restored.</returns>
    public static int Run(IReadOnlyList<string> arguments, TextWriter output)
    {
        if (arguments is not ["--from", var from, "--to", var to])
        {
            output.WriteLine("Usage: restore --from BACKUP --to FOLDER");
            return 2;
        }

        if (!Directory.Exists(from) || !Directory.EnumerateFiles(from, $"*{TenantDatabases.Extension}").Any())
        {
            output.WriteLine($"{from} holds no backup (*{TenantDatabases.Extension}).");
            return 1;
        }

        if (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any())
        {
            output.WriteLine($"{to} is not empty: a restore never overwrites.");
            return 1;
        }

        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from, $"*{TenantDatabases.Extension}").Order(StringComparer.Ordinal))
        {
            var target = Path.Combine(to, Path.GetFileName(file));
            File.Copy(file, target);
            if (Problem(target) is { } problem)
            {
                output.WriteLine($"{Path.GetFileName(file)}: {problem}");
                return 1;
            }
        }

        output.WriteLine($"Restored {from} into {to}.");
        return 0;
    }

    private static string? Problem(string file)
    {
        try
        {
            using var connection = SqliteConnections.Open(file, readOnly: false);
            using var check = connection.Command("PRAGMA integrity_check");
            if (check.ExecuteScalar() is not "ok")
            {
                return "the file is damaged.";
            }

            Migrations.Apply(connection);
            connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            return null;
        }
        catch (Exception problem) when (problem is SqliteException or InvalidOperationException)
        {
            return problem.Message;
        }
    }
}
