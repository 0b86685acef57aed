namespace AiInfra.Gateway.Telemetry;

/// <summary>Dates by which the gateway's own credentials must be replaced: section <c>Expiry</c>. They are watched, nothing ends by them.</summary>
public sealed class ExpiryOptions
{
    public const string Section = "Expiry";

    /// <summary>
    /// When the signing key of service tokens is to be rotated, for example <c>2027-05-01T00:00:00Z</c>: written beside the secret by
    /// whoever makes it, for a bare key has no date. Default: none, and nothing is watched.
    /// </summary>
    public DateTimeOffset? SigningKey { get; set; }

    /// <summary>
    /// Certificate files (PEM or DER) to watch beside those of Kestrel's own configuration, such as the authority's that callers
    /// trust. Default: none.
    /// </summary>
    public IList<string> Certificates { get; } = [];
}
