using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Backup;

/// <summary>Copies of the databases, made while they are in use: section <c>Backup</c>.</summary>
public sealed class BackupOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Backup";

    /// <summary>Folder of the backups, one folder below it for each. Default: empty, none are made.</summary>
    public string Folder { get; set; } = "";

    /// <summary>Time of day (UTC) of the nightly backup, 00:00 to 23:59:59. Default 03:00.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "23:59:59", ErrorMessage = "Backup:At must be a time of day, 00:00 to 23:59:59.")]
    public TimeSpan At { get; set; } = TimeSpan.FromHours(3);

    /// <summary>Days whose last backup is kept, 1 to 365. Default 7, the newest days with a backup.</summary>
    [Range(1, 365, ErrorMessage = "Backup:KeptDaily must be between 1 and 365.")]
    public int KeptDaily { get; set; } = 7;

    /// <summary>Weeks (ISO 8601, from Monday) whose last backup is kept, 0 to 520. Default 4.</summary>
    [Range(0, 520, ErrorMessage = "Backup:KeptWeekly must be between 0 and 520.")]
    public int KeptWeekly { get; set; } = 4;

    /// <summary>Months whose last backup is kept, 0 to 120. Default 6. What no rule keeps is deleted after the next backup.</summary>
    [Range(0, 120, ErrorMessage = "Backup:KeptMonthly must be between 0 and 120.")]
    public int KeptMonthly { get; set; } = 6;
}

[OptionsValidator]
internal sealed partial class BackupOptionsValidator : IValidateOptions<BackupOptions>;
