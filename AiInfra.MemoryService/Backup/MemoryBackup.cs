using System.Globalization;
using AiInfra.MemoryService.Storage;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Backup;

/// <summary>What a backup holds.</summary>
internal sealed record BackupResponse(string Name, int Tenants, long Bytes);

/// <summary>Copies every tenant's file as it is at one moment of it, under load too; what was acknowledged before is in it.</summary>
internal sealed class MemoryBackup(TenantDatabases databases, IOptions<BackupOptions> options, TimeProvider time) : IDisposable
{
    private const string NameFormat = "yyyyMMdd'T'HHmmssfff'Z'";
    private const string Draft = ".draft";

    private readonly SemaphoreSlim _one = new(1);

    public bool IsConfigured => options.Value.Folder.Length > 0;

    public void Dispose() => _one.Dispose();

    public async Task<BackupResponse> MakeAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var name = time.GetUtcNow().UtcDateTime.ToString(NameFormat, CultureInfo.InvariantCulture);
            var folder = Path.Combine(options.Value.Folder, name);
            var draft = Directory.CreateDirectory(folder + Draft);
            var tenants = databases.Known();
            var bytes = 0L;
            foreach (var tenant in tenants)
            {
                bytes += await databases.Of(tenant).CopyAsync(draft.FullName, cancellationToken);
            }

            // A folder of the final name is whole.
            draft.MoveTo(folder);
            DropOld();
            return new BackupResponse(name, tenants.Count, bytes);
        }
        finally
        {
            _one.Release();
        }
    }

    private void DropOld()
    {
        var backups = new DirectoryInfo(options.Value.Folder).EnumerateDirectories().Select(folder => (Folder: folder, At: MadeAt(folder.Name))).ToList();
        var kept = BackupRetention.Kept([.. backups.Where(backup => backup.At is not null).Select(backup => backup.At!.Value)], options.Value);
        foreach (var (folder, at) in backups)
        {
            if (at is { } made && !kept.Contains(made))
            {
                folder.Delete(recursive: true);
            }
        }
    }

    private static DateTime? MadeAt(string name) =>
        DateTime.TryParseExact(name, NameFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) ? at : null;
}
