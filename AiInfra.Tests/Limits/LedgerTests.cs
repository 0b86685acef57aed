using AiInfra.Gateway.Limits;

namespace AiInfra.Tests.Limits;

/// <summary>Who is refused, and by which answer of the store.</summary>
public sealed class LedgerTests
{
    private static readonly MeterRule Running = new(MeterUnit.Running, MeterSpan.Now, 2);

    private readonly Ledger _ledger = new("t", new LedgerSettings());
    private readonly Instant _now = new(TimeSpan.FromSeconds(1), DateTimeOffset.UnixEpoch);

    [Fact]
    public void A_request_that_came_after_the_store_was_asked_is_not_refused_by_that_answer()
    {
        var first = Sent(Reserve(1));
        Assert.Empty(Reserve(2));

        var effects = Answer(first, granted: 1);
        Assert.Contains(effects, effect => effect is LedgerEffect.Admit { Id: 1 });
        Assert.DoesNotContain(effects, effect => effect is LedgerEffect.Refuse);

        Assert.Contains(Answer(Sent(effects), granted: 2), effect => effect is LedgerEffect.Admit { Id: 2 });
    }

    [Fact]
    public void What_ends_makes_room_that_is_asked_for_at_once()
    {
        Answer(Sent(Reserve(1)), granted: 2);
        Reserve(2);
        Assert.Contains(Answer(Sent(Reserve(3)), granted: 2), effect => effect is LedgerEffect.Refuse { Id: 3 });
        Assert.IsType<LedgerEffect.Refuse>(Assert.Single(Reserve(4)));

        _ledger.Handle(new LedgerEvent.Settle(1, 0, 0), _now);
        Assert.DoesNotContain(Reserve(5), effect => effect is LedgerEffect.Refuse);
    }

    private static StoreMessage Sent(IEnumerable<LedgerEffect> effects) => Assert.Single(effects.OfType<LedgerEffect.Send>()).Message;

    private LedgerEffect[] Reserve(long id) => _ledger.Handle(new LedgerEvent.Reserve(id, [new Demand("tenant", Running, 1)], ServesWithoutStore: false), _now);

    private LedgerEffect[] Answer(StoreMessage message, long granted) =>
        _ledger.Handle(new LedgerEvent.StoreAnswered(message.Version, [new StoreGrant(message.Lines[0].StoreKey, granted, 0, 0, 0)]), _now);
}
