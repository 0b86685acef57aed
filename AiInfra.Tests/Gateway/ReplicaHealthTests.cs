using AiInfra.Gateway.Replicas;

namespace AiInfra.Tests.Gateway;

public sealed class ReplicaHealthTests
{
    private readonly ReplicaHealth _health = new();

    [Fact]
    public void Three_failures_in_a_row_eject_and_an_answer_between_them_starts_the_count_anew()
    {
        Tell(0, ReplicaEvent.Failed, ReplicaEvent.Failed, ReplicaEvent.Answered, ReplicaEvent.Failed, ReplicaEvent.Failed);
        Assert.Equal(ReplicaState.Serving, _health.State);

        Tell(0, ReplicaEvent.Failed);
        Assert.Equal(ReplicaState.Ejected, _health.State);
    }

    [Fact]
    public void An_ejected_replica_returns_by_a_probe_after_its_time_and_serves_after_one_answer()
    {
        Tell(0, ReplicaEvent.Unreachable, ReplicaEvent.ProbeAnswered);
        Assert.Equal(ReplicaState.Ejected, _health.State);

        Tell(1.1, ReplicaEvent.ProbeAnswered);
        Assert.Equal(ReplicaState.Trial, _health.State);

        Tell(1.2, ReplicaEvent.Answered);
        Assert.Equal(ReplicaState.Serving, _health.State);
    }

    [Fact]
    public void On_trial_a_probes_token_is_proof_enough()
    {
        var health = new ReplicaHealth();
        health.Handle(ReplicaEvent.Unreachable, TimeSpan.Zero);
        health.Handle(ReplicaEvent.ProbeAnswered, TimeSpan.FromSeconds(2));

        Assert.True(health.Handle(ReplicaEvent.ProbeCompleted, TimeSpan.FromSeconds(3)));
        Assert.Equal(ReplicaState.Serving, health.State);
    }

    [Fact]
    public void Who_fails_on_trial_waits_longer_each_time_but_never_longer_than_half_a_minute()
    {
        var now = 0.0;
        var waits = new List<double>();
        Tell(now, ReplicaEvent.Unreachable);
        for (var round = 0; round < 8; round++)
        {
            var since = now;
            while (_health.State == ReplicaState.Ejected)
            {
                Tell(now += 0.25, ReplicaEvent.ProbeAnswered);
            }

            waits.Add(now - since);
            Tell(now, ReplicaEvent.Failed);
        }

        Assert.Equal([1, 2, 4, 8, 16, 30, 30, 30], waits);
    }

    [Fact]
    public void A_hung_engine_returns_by_a_token_only_because_its_pages_answer_all_the_while()
    {
        Tell(0, ReplicaEvent.Stalled);
        Tell(100, ReplicaEvent.ProbeAnswered);
        Assert.True(_health is { State: ReplicaState.Ejected, NeedsProof: true });

        Tell(101, ReplicaEvent.ProbeCompleted);
        Assert.True(_health is { State: ReplicaState.Trial, NeedsProof: false });
    }

    [Fact]
    public void A_late_answer_does_not_bring_an_ejected_replica_back()
    {
        Tell(0, ReplicaEvent.ShuttingDown, ReplicaEvent.Answered);

        Assert.Equal(ReplicaState.Ejected, _health.State);
    }

    private void Tell(double seconds, params ReplicaEvent[] events)
    {
        foreach (var happened in events)
        {
            _health.Handle(happened, TimeSpan.FromSeconds(seconds));
        }
    }
}
