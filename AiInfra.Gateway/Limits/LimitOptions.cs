using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Limits;

/// <summary>How gateways share limits: section <c>Limits</c>.</summary>
public sealed class LimitOptions
{
    public const string Section = "Limits";

    /// <summary>
    /// Folder of the journals, in which settlements outlive the process. Gateways may share it. Default: <c>aiinfra/limits</c> in the
    /// user's local application data.
    /// </summary>
    public string JournalFolder { get; set; } =
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "aiinfra", "limits");

    /// <summary>Bytes after which a journal is rewritten with what is still needed, 64 KiB to 1 GiB. Default 16 MiB.</summary>
    [Range(65_536, 1_073_741_824)]
    public long JournalBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>How long a request waits for capacity that other gateways may give back, 0 to 10 seconds. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan WaitForOthers { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the store may take to answer, 50 ms to 10 seconds. Default 1 second.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:10")]
    public TimeSpan StoreTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A gateway that was not heard of for so long is taken for dead: its windows and running requests are free again. 61 seconds (until
    /// then what it produced may still count in a window of a minute) to 1 hour. Default 65 seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:01", "01:00:00")]
    public TimeSpan DeadAfter { get; set; } = TimeSpan.FromSeconds(65);
}

[OptionsValidator]
internal sealed partial class LimitOptionsValidator : IValidateOptions<LimitOptions>;
