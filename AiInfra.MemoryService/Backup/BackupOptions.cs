using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Backup;

/// <summary>Copies of the databases, made while they are in use: section <c>Backup</c>.</summary>
public sealed class BackupOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Backup";

    /// <summary>How often a backup is made.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    /// <summary>Folder of the backups, one folder below it for each. Default: empty, none are made.</summary>
    public string Folder { get; set; } = "";

    /// <summary>Time of day (UTC) of the nightly backup, 00:00 to 23:59:59. Default 03:00.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "23:59:59", ErrorMessage = "Backup:At must be a time of day, 00:00 to 23:59:59.")]
    public TimeSpan At { get; set; } = TimeSpan.FromHours(3);

    /// <summary>Backups that are kept, 1 to 365. Default 7; older ones are deleted.</summary>
    [Range(1, 365, ErrorMessage = "Backup:Kept must be between 1 and 365.")]
    public int Kept { get; set; } = 7;
}

[OptionsValidator]
internal sealed partial class BackupOptionsValidator : IValidateOptions<BackupOptions>;
