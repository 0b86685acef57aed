namespace AiInfra.Gateway.Limits;

/// <summary>What one request reserves of one meter.</summary>
internal readonly record struct Claim(Meter Meter, long Amount)
{
    public bool IsShort(TimeSpan now) => Meter.Free(now) < Amount;
}

/// <summary>One request in a <see cref="Ledger"/>, waiting or running.</summary>
internal sealed record Reservation(long Id, Claim[] Claims, TimeSpan Deadline)
{
    /// <summary>The other gateways were asked to give back for it.</summary>
    public bool HasAsked { get; set; }

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
