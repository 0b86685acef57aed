using AiInfra.MemoryService.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Lifecycle;

/// <summary>Gives the room of deleted memories back to the disk, once a day, where it is worth writing a file anew.</summary>
internal sealed partial class VacuumWorker(TenantDatabases databases, IOptions<LifecycleOptions> options, TimeProvider time, ILogger<VacuumWorker> logger) : BackgroundService
{
    /// <summary>Vacuums every file with enough holes. Gives how many.</summary>
    public async Task<int> VacuumAsync(CancellationToken cancellationToken)
    {
        var vacuumed = 0;
        foreach (var tenant in databases.Known())
        {
            try
            {
                var database = databases.Of(tenant);
                if (database.FreeShare() is var free && free >= options.Value.VacuumAbove)
                {
                    await database.VacuumAsync(cancellationToken);
                    vacuumed++;
                    Vacuumed(free);
                }
            }
            catch (Exception problem) when (problem is SqliteException or IOException or UnauthorizedAccessException)
            {
                // Most likely no room for the second copy. The file is as it was.
                VacuumFailed(problem);
            }
        }

        return vacuumed;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(time.UntilNext(options.Value.VacuumAt), time, stoppingToken);
            await VacuumAsync(stoppingToken);
        }
    }

    [LoggerMessage(LogLevel.Information, "A tenant's file, {Free:P0} of it empty, was written anew.")]
    private partial void Vacuumed(double free);

    [LoggerMessage(LogLevel.Warning, "A tenant's file could not be written anew without its holes; tomorrow it is tried again.")]
    private partial void VacuumFailed(Exception problem);
}
