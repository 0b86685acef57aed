namespace AiInfra.Gateway.Limits;

/// <summary>What one request wants of one meter: a subject, its rule, and the upper bound.</summary>
internal readonly record struct Demand(string Subject, MeterRule Rule, long Amount);

/// <summary>Something that happened to a <see cref="Ledger"/>.</summary>
internal abstract record LedgerEvent
{
    /// <summary>A request asks to be let in.</summary>
    /// <param name="Id">The request, unique within the ledger.</param>
    /// <param name="Demands">Its upper bounds, one for each limit that binds it.</param>
    /// <param name="ServesWithoutStore">While the store is away: true lets it in on what this gateway holds, false refuses it.</param>
    public sealed record Reserve(long Id, IReadOnlyList<Demand> Demands, bool ServesWithoutStore) : LedgerEvent;

    /// <summary>A request ended, however it ended.</summary>
    public sealed record Settle(long Id, long Tokens, long Money) : LedgerEvent;

    /// <summary>A waiting request's caller left.</summary>
    public sealed record Abandon(long Id) : LedgerEvent;

    public sealed record StoreAnswered(long Version, IReadOnlyList<StoreGrant> Grants) : LedgerEvent;

    /// <summary>No answer came to a message; it may or may not have been carried out.</summary>
    public sealed record StoreFailed(long Version) : LedgerEvent;

    public sealed record StoreAway : LedgerEvent;

    public sealed record StoreBack : LedgerEvent;

    /// <summary>Another gateway asks for idle capacity of these meters.</summary>
    public sealed record AskedBack(IReadOnlyList<string> StoreKeys) : LedgerEvent;

    /// <summary>Another gateway gave capacity of a meter back.</summary>
    public sealed record GivenBack(IReadOnlyList<string> StoreKeys) : LedgerEvent;

    /// <summary>Time passed; comes a few times a second.</summary>
    public sealed record Tick : LedgerEvent;
}

/// <summary>The store's answer for one meter.</summary>
/// <param name="StoreKey">The meter.</param>
/// <param name="Granted">What this gateway now holds.</param>
/// <param name="Used">What it has spent of a budget.</param>
/// <param name="Elsewhere">What the others hold.</param>
/// <param name="SpentElsewhere">The part of that which is spent of a budget.</param>
internal readonly record struct StoreGrant(string StoreKey, long Granted, long Used, long Elsewhere, long SpentElsewhere);
