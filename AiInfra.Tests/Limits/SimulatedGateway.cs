using AiInfra.Gateway.Limits;

namespace AiInfra.Tests.Limits;

/// <summary>One life of one gateway in a schedule: its ledger, what runs on it, and what its journal would hold.</summary>
internal sealed class SimulatedGateway(string name)
{
    public string Name => name;

    public Ledger Ledger { get; } = new("t", new LedgerSettings());

    public bool IsDead { get; set; }

    public bool BelievesStoreIsAway { get; set; }

    public Dictionary<long, SimulatedCall> Running { get; } = [];

    /// <summary>Sum of settlements and of orphaned reservations by budget, as the journal gives them.</summary>
    public Dictionary<string, (MeterRule Rule, DateTimeOffset End, long Charged)> Journal { get; } = [];

    public void Charge(SimulatedCall call, long tokens)
    {
        foreach (var (key, rule, end) in call.Budgets)
        {
            var before = Journal.GetValueOrDefault(key).Charged;
            Journal[key] = (rule, end, before + (rule.Unit == MeterUnit.Money ? tokens * LimitSchedule.Price : tokens));
        }
    }
}

/// <summary>One call of a schedule.</summary>
internal sealed class SimulatedCall(long id, long bound, long produced, bool paysItsBound)
{
    public long Id => id;

    public long Bound => bound;

    /// <summary>What it charges at its end: the tokens made, or the bound of a plain call that was cancelled.</summary>
    public long Charged => paysItsBound ? bound : produced;

    public List<(string Key, MeterRule Rule, DateTimeOffset End)> Budgets { get; } = [];
}
