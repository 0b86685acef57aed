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
}

[OptionsValidator]
internal sealed partial class LifecycleOptionsValidator : IValidateOptions<LifecycleOptions>;
