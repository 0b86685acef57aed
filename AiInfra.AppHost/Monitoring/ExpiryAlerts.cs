namespace AiInfra.AppHost.Monitoring;

/// <summary>Credentials that end soon.</summary>
internal static class ExpiryAlerts
{
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(10);

    public static readonly IReadOnlyList<Alert> All =
    [
        new("KeyExpires", Severities.Ticket, Hold, Left("api_key", "name", "< 7 * 86400", "no issued key has an end"))
        {
            Summary = "An API key of {{ $labels.name }} expires in {{ $value | humanizeDuration }}",
            Description = "No successor was issued: whoever uses the key is refused from then on.",
        },
        new("CertificateExpires", Severities.Ticket, Hold, Left("certificate", "name", "< 14 * 86400", "the gateway serves no TLS itself"))
        {
            Summary = "The certificate {{ $labels.name }} expires in {{ $value | humanizeDuration }}",
            Description = "It should have been renewed by itself: its renewal has failed.",
        },
        new("SigningKeyExpires", Severities.Ticket, Hold, Left("signing_key", "name", "< 14 * 86400", "no date is set for the signing key"))
        {
            Summary = "The signing key of service tokens is due in {{ $value | humanizeDuration }}",
            Description = "It is to be rotated by the date that was written beside it.",
        },
        new("CredentialEndsToday", Severities.Page, Hold, Left("certificate|signing_key", "kind, name", "< 86400", "no certificate is served and no date is set for the signing key"))
        {
            Summary = "{{ $labels.kind }} {{ $labels.name }} ends in {{ $value | humanizeDuration }}",
            Description = "With the certificate callers are refused; the signing key's date is a promise that is about to be broken.",
        },
    ];

    private static Condition Left(string kinds, string by, string comparison, string silent) =>
        new($$"""min by ({{by}}) (aiinfra_gateway_credential_expiry_seconds{kind=~"{{kinds}}"}) - time()""", comparison) { Silent = silent };
}
