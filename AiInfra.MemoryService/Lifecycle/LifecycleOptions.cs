using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Lifecycle;

/// <summary>How memories end by themselves: section <c>Lifecycle</c>.</summary>
public sealed class LifecycleOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Lifecycle";

    /// <summary>
    /// How often expired memories are deleted, 100 ms to 1 day. Default 30 seconds. They are found by nobody from the moment they
    /// expire; this is when they leave the disk.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00", ErrorMessage = "Lifecycle:SweepInterval must be between 100 ms and 1 day.")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time of day (UTC) at which files with holes are written anew, 00:00 to 23:59:59. Default 04:00, after the backup.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "23:59:59", ErrorMessage = "Lifecycle:VacuumAt must be a time of day, 00:00 to 23:59:59.")]
    public TimeSpan VacuumAt { get; set; } = TimeSpan.FromHours(4);

    /// <summary>
    /// Empty share of a tenant's file from which it is written anew, 0.01 to 1. Default 0.25. Meanwhile writes to it wait and it needs
    /// its size once more on the disk; below the share, new memories fill the holes.
    /// </summary>
    [Range(0.01, 1, ErrorMessage = "Lifecycle:VacuumAbove must be between 0.01 and 1.")]
    public double VacuumAbove { get; set; } = 0.25;
}

[OptionsValidator]
internal sealed partial class LifecycleOptionsValidator : IValidateOptions<LifecycleOptions>;
