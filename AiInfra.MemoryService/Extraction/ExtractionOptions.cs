using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Extraction;

/// <summary>Facts that a model takes from what users said, in the background: section <c>Extraction</c>. Off until a model is named.</summary>
public sealed class ExtractionOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Extraction";

    /// <summary>The model, as the gateway names it. Default: none, and nothing is extracted.</summary>
    public string Model { get; set; } = "";

    /// <summary>Where chat completions are asked for. Default: the gateway, by service discovery.</summary>
    [Url(ErrorMessage = "Extraction:Endpoint must be an absolute http or https address.")]
    public string Endpoint { get; set; } = "http://gateway";

    /// <summary>The key that is sent. Its policy and limits at the gateway bound what extraction may spend. Default: none.</summary>
    public string ApiKey { get; set; } = "";

    /// <summary>How often waiting words are looked for, 100 ms to 1 hour. Default 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00", ErrorMessage = "Extraction:Interval must be between 100 ms and 1 hour.")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one answer may take, 1 second to 10 minutes. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00", ErrorMessage = "Extraction:Timeout must be between 1 second and 10 minutes.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Messages of one conversation that one call reads, 1 to 100. Default 10.</summary>
    [Range(1, 100, ErrorMessage = "Extraction:BatchSize must be between 1 and 100 messages.")]
    public int BatchSize { get; set; } = 10;

    /// <summary>Calls for the same messages before they are left as they are, 1 to 100. Default 5.</summary>
    [Range(1, 100, ErrorMessage = "Extraction:MaxAttempts must be between 1 and 100 calls.")]
    public int MaxAttempts { get; set; } = 5;
}

[OptionsValidator]
internal sealed partial class ExtractionOptionsValidator : IValidateOptions<ExtractionOptions>;
