namespace AiInfra.Gateway.Limits;

/// <summary>Something that a <see cref="Ledger"/> wants done.</summary>
internal abstract record LedgerEffect
{
    /// <summary>The request is let in; <paramref name="Claims"/> is what it holds until it is settled.</summary>
    public sealed record Admit(long Id, IReadOnlyList<Claim> Claims) : LedgerEffect;

    public sealed record Refuse(long Id, Refusal Refusal) : LedgerEffect;

    /// <summary>Send this to the store and bring back its answer, or the failure. Never two at a time.</summary>
    public sealed record Send(StoreMessage Message) : LedgerEffect;

    /// <summary>Ask the other gateways to give back what lies idle.</summary>
    public sealed record AskBack(IReadOnlyList<string> StoreKeys) : LedgerEffect;

    /// <summary>Tell the other gateways that capacity was given back.</summary>
    public sealed record TellGivenBack(IReadOnlyList<string> StoreKeys) : LedgerEffect;
}

/// <summary>What a ledger tells the store, absolute figures throughout: repeated, lost or late, it does no harm.</summary>
/// <param name="Version">Grows with every message of this gateway; the store ignores what is older than it has seen.</param>
/// <param name="Lines">One line a meter.</param>
internal sealed record StoreMessage(long Version, IReadOnlyList<StoreLine> Lines);

/// <param name="StoreKey">The meter.</param>
/// <param name="Rule">Its limit.</param>
/// <param name="PeriodEnd">When the budget's period ends.</param>
/// <param name="Used">Spent of the budget by this gateway, settled; below 0 when only the store knows.</param>
/// <param name="Occupied">Spent and reserved.</param>
/// <param name="Keep">Capacity that this gateway goes on holding, at least what it occupies.</param>
/// <param name="Need">Wanted beyond that, for requests that wait.</param>
/// <param name="Share">Wanted beyond that, for requests to come; the store gives less, or nothing, near the limit.</param>
internal sealed record StoreLine(
    string StoreKey, MeterRule Rule, DateTimeOffset PeriodEnd, long Used, long Occupied, long Keep, long Need, long Share);

internal enum RefusalReason
{
    /// <summary>The limit is reached.</summary>
    Limit,

    /// <summary>The request alone is larger than the limit.</summary>
    TooLarge,

    /// <summary>The store of the limits cannot be reached, and the policy or the share held does not allow to go on without it.</summary>
    StoreAway,
}

/// <summary>Why a request was not let in.</summary>
/// <param name="Reason">The kind of reason.</param>
/// <param name="Meter">Which limit it was, if any.</param>
/// <param name="Rule">The same.</param>
/// <param name="RetryAfter">When it may fit.</param>
/// <param name="Unspent">What of the limit nothing has spent yet, as far as is known: no smaller request fits either when it is larger than this.</param>
internal sealed record Refusal(RefusalReason Reason, MeterId? Meter, MeterRule? Rule, TimeSpan RetryAfter, long Unspent);
