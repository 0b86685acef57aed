namespace AiInfra.Gateway.Limits;

/// <summary>One tenant's ledger with its lock and the requests that wait for its word.</summary>
internal sealed class TenantLimits(string tenant, LedgerSettings settings)
{
    public string Tenant => tenant;

    public Lock Lock { get; } = new();

    public Ledger Ledger { get; } = new(tenant, settings);

    public Dictionary<long, (TaskCompletionSource<LedgerEffect> Answer, ReservedFor Whom)> Waiting { get; } = [];
}

/// <summary>A request that was let in; it must be settled once.</summary>
internal sealed record LimitTicket(TenantLimits Limits, long Id, IReadOnlyList<Claim> Claims);

/// <summary>Either a ticket or the reason why there is none.</summary>
internal readonly record struct LimitAnswer(LimitTicket? Ticket, Refusal? Refusal);
