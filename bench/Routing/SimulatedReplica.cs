using AiInfra.Gateway.Routing;
using AiInfra.LocalVllm.Scheduling;

namespace AiInfra.Bench.Routing;

/// <summary>One replica: LocalVllm's scheduler, and what gateways see of it.</summary>
internal sealed class SimulatedReplica
{
    // Blocks of 512 tokens instead of 16: the traces share prefixes in pieces of that size, and an unlimited cache stays small to simulate.
    private const int BlockSize = Trace.BlockTokens;

    private readonly int _index;
    private readonly int[] _inFlight;
    private readonly int[] _awaiting;
    private readonly double[] _foreignWaiting;
    private readonly int? _cacheTokens;
    private readonly int _engineTokens;
    private readonly HashSet<Answer> _active = [];
    private Scheduler _scheduler;
    private double _running;
    private int _restarts;

    public SimulatedReplica(int index, Scenario scenario, int gateways)
    {
        _index = index;
        _inFlight = new int[gateways];
        _awaiting = new int[gateways];
        _foreignWaiting = new double[gateways];
        _cacheTokens = scenario.CacheTokens;
        Slowness = index < scenario.SlowReplicas ? 2 : 1;
        _engineTokens = scenario.CacheTokens ?? Workload.AllTokens(scenario);
        _scheduler = NewScheduler();
    }

    public double Slowness { get; }

    public bool IsStepping { get; set; }

    public long ComputedTokens { get; private set; }

    public RouteCandidate AsSeenBy(int gateway) =>
        new($"r{_index}", _inFlight[gateway], _running, _foreignWaiting[gateway], _cacheTokens ?? 1_000_000_000, _restarts);

    public void Add(Answer answer, double now)
    {
        _inFlight[answer.Gateway]++;
        _awaiting[answer.Gateway]++;
        _active.Add(answer);
        answer.Sequence = new Sequence(Workload.Tokens(answer.Request), new int[answer.Request.AnswerTokens]) { Tag = answer };
        _scheduler.Add(answer.Sequence, now);
    }

    public StepOutcome Step(double now)
    {
        var outcome = _scheduler.Step(now);
        ComputedTokens += outcome.PrefillTokens;
        return outcome;
    }

    public void Began(int gateway) => _awaiting[gateway]--;

    public void Done(Answer answer)
    {
        _inFlight[answer.Gateway]--;
        _active.Remove(answer);
    }

    /// <summary>The gateways' probe.</summary>
    public void Look()
    {
        _running = _scheduler.Running;
        for (var gateway = 0; gateway < _foreignWaiting.Length; gateway++)
        {
            _foreignWaiting[gateway] = Math.Max(0, _scheduler.Waiting - _awaiting[gateway]);
        }
    }

    /// <summary>A new engine with an empty cache; what ran begins anew on it, without what has gone out already.</summary>
    public void Restart(double now)
    {
        _restarts++;
        _scheduler = NewScheduler();
        foreach (var answer in _active)
        {
            var left = Math.Max(1, answer.Request.AnswerTokens - answer.Sequence!.Generated);
            answer.Sequence = new Sequence(Workload.Tokens(answer.Request), new int[left]) { Tag = answer };
            _scheduler.Add(answer.Sequence, now);
        }
    }

    private Scheduler NewScheduler() => new(new SchedulerSettings { BlockSize = BlockSize, BlockCount = (_engineTokens / BlockSize) + 2, Profile = Fleet.Profile });
}
