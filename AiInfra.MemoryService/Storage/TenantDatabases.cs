using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Storage;

/// <summary>The files of all tenants, opened when they are first needed.</summary>
internal sealed class TenantDatabases(IOptions<StorageOptions> options) : IAsyncDisposable
{
    public const string Extension = ".memories.db";

    // Lazy, or two first calls at the same time would open two writers on one file.
    private readonly ConcurrentDictionary<string, Lazy<TenantDatabase>> _open = new(StringComparer.Ordinal);

    /// <summary>The tenants with a file, also those not opened yet.</summary>
    public IReadOnlyList<string> Known()
    {
        if (!Directory.Exists(options.Value.DataFolder))
        {
            return [];
        }

        var tenants = new HashSet<string>(_open.Keys, StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(options.Value.DataFolder, $"*{Extension}"))
        {
            if (!tenants.Any(tenant => file.EndsWith(FileName(tenant), StringComparison.Ordinal)) && NameIn(file) is { } name)
            {
                tenants.Add(name);
            }
        }

        return [.. tenants];
    }

    public TenantDatabase Of(string tenant)
    {
        var opening = _open.GetOrAdd(tenant, name => new Lazy<TenantDatabase>(() => Open(name)));
        try
        {
            return opening.Value;
        }
        catch (Exception problem) when (problem is SqliteException or IOException or UnauthorizedAccessException)
        {
            // What a disk refuses now it may allow later: a failure is not kept.
            _open.TryRemove(KeyValuePair.Create(tenant, opening));
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _open.Values.Where(lazy => lazy.IsValueCreated))
        {
            await database.Value.DisposeAsync();
        }

        _open.Clear();
    }

    private TenantDatabase Open(string tenant)
    {
        Directory.CreateDirectory(options.Value.DataFolder);
        return new TenantDatabase(tenant, Path.Combine(options.Value.DataFolder, FileName(tenant)), options.Value.MaxPendingWrites);
    }

    // A tenant's name may hold anything, a file name may not.
    private static string FileName(string tenant) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tenant)))[..32] + Extension;

    private static string? NameIn(string file)
    {
        using var connection = SqliteConnections.Open(file, readOnly: true);
        using var command = connection.Command("SELECT name FROM sqlite_master WHERE name = 'tenant'");
        if (command.ExecuteScalar() is null)
        {
            return null;
        }

        using var name = connection.Command("SELECT name FROM tenant");
        return name.ExecuteScalar() as string;
    }
}
