using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Telemetry;

/// <summary>What the gateway's metrics may cost.</summary>
public sealed class TelemetryOptions
{
    public const string Section = "Telemetry";

    /// <summary>
    /// Tenants that have series of their own in metrics, the first ones since the start; all others are summed as <c>other</c>.
    /// 0 to 10000 tenants, default 200: each costs about a dozen series.
    /// </summary>
    [Range(0, 10_000)]
    public int MaxTenants { get; set; } = 200;
}

[OptionsValidator]
internal sealed partial class TelemetryOptionsValidator : IValidateOptions<TelemetryOptions>;
