namespace AiInfra.Gateway.Limits;

/// <summary>The times and sizes that a <see cref="Ledger"/> works with.</summary>
internal sealed record LedgerSettings
{
    /// <summary>How long a request waits for capacity that others may give back.</summary>
    public TimeSpan WaitForOthers { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the store's "no" stands before it is asked again for as much.</summary>
    public TimeSpan RefusalStands { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often changed figures are reported.</summary>
    public TimeSpan ReportEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Capacity that nobody used for so long is given back.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>After a failed message.</summary>
    public TimeSpan RetryStoreAfter { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The part of a limit asked for in advance: one over this.</summary>
    public int ShareDivisor { get; init; } = 16;

    /// <summary>Meters in one message.</summary>
    public int MaxLines { get; init; } = 64;

    /// <summary>Requests that wait for the store at a time; more are refused.</summary>
    public int MaxWaiting { get; init; } = 4096;
}
