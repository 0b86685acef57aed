using AiInfra.MemoryService.Lifecycle;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Backup;

/// <summary>Makes a backup every night.</summary>
internal sealed partial class BackupWorker(MemoryBackup backup, IOptions<BackupOptions> options, TimeProvider time, ILogger<BackupWorker> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (backup.IsConfigured)
        {
            await Task.Delay(time.UntilNext(options.Value.At), time, stoppingToken);
            try
            {
                var made = await backup.MakeAsync(stoppingToken);
                BackupMade(made.Name, made.Tenants, made.Bytes);
            }
            catch (Exception problem) when (problem is SqliteException or IOException or UnauthorizedAccessException)
            {
                BackupFailed(problem);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Backup {Name}: {Tenants} tenants, {Bytes} bytes")]
    private partial void BackupMade(string name, int tenants, long bytes);

    [LoggerMessage(LogLevel.Error, "The nightly backup could not be made")]
    private partial void BackupFailed(Exception problem);
}
