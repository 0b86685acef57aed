namespace AiInfra.Gateway.Limits;

/// <summary>What one request reserves of one meter.</summary>
internal readonly record struct Claim(Meter Meter, long Amount)
{
    public bool IsShort(TimeSpan now) => Meter.Free(now) < Amount;
}

/// <summary>One request in a <see cref="Ledger"/>, waiting or running.</summary>
internal sealed record Reservation(long Id, Claim[] Claims)
{
    /// <summary>The last message to the store that asks for what it is short of; an answer to an earlier one says nothing of it.</summary>
    public long AskedIn { get; set; }

    /// <summary>Until when it waits for what the other gateways, once asked, may give back.</summary>
    public TimeSpan? Deadline { get; set; }

    public Claim? FirstShort(TimeSpan now)
    {
        foreach (var claim in Claims)
        {
            if (claim.IsShort(now))
            {
                return claim;
            }
        }

        return null;
    }
}
