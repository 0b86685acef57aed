using AiInfra.Gateway.Routing;
using AiInfra.LocalVllm.Scheduling;

namespace AiInfra.Bench.Routing;

/// <summary>Replicas and gateways in virtual time: the routing policies of the product against LocalVllm's step-based scheduler.</summary>
internal sealed class Fleet
{
    // What a gateway knows of an engine is as old as its last probe.
    private const double ProbeSeconds = 1;

    private readonly Scenario _scenario;
    private readonly IRoutingPolicy[] _gateways;
    private readonly SimulatedReplica[] _replicas;
    private readonly PriorityQueue<Action, (double At, long Order)> _events = new();
    private readonly List<Answer> _answers = [];
    private long _order;
    private double _now;

    public Fleet(Scenario scenario, Func<Random, IRoutingPolicy> newPolicy)
    {
        _scenario = scenario;
        _gateways = [.. Enumerable.Range(0, scenario.Gateways).Select(gateway => newPolicy(new Random((scenario.Seed * 31) + gateway)))];
        _replicas = [.. Enumerable.Range(0, scenario.Replicas).Select(i => new SimulatedReplica(i, scenario, _gateways.Length))];
    }

    public static StepProfile Profile { get; } = StepProfile.Llama8BOnH100;

    public RoutingFigures Run()
    {
        var arrivals = Workload.Arrivals(_scenario);
        foreach (var (request, gateway) in arrivals)
        {
            At(request.At, () => Arrive(request, gateway));
        }

        if (_scenario.RestartAt is { } part)
        {
            At(arrivals[^1].Request.At * part, () => _replicas[0].Restart(_now));
        }

        At(0, Probe);
        while (_answers.Count < arrivals.Count && _events.TryDequeue(out var next, out var when))
        {
            _now = when.At;
            next();
        }

        return RoutingFigures.From(_answers, _replicas.Select(replica => (double)replica.ComputedTokens));
    }

    private void At(double time, Action action) => _events.Enqueue(action, (time, _order++));

    private void Probe()
    {
        foreach (var replica in _replicas)
        {
            replica.Look();
        }

        At(_now + ProbeSeconds, Probe);
    }

    private void Arrive(TraceRequest request, int gateway)
    {
        var candidates = new RouteCandidate[_replicas.Length];
        for (var i = 0; i < candidates.Length; i++)
        {
            candidates[i] = _replicas[i].AsSeenBy(gateway);
        }

        var routed = new RouteRequest
        {
            Blocks = Workload.Chain(request),
            BlockTokens = Trace.BlockTokens,
            PromptTokens = request.PromptTokens,
            Session = (ulong)request.Blocks[0] + 1,
        };
        var policy = _gateways[gateway];
        var chosen = policy.Pick(candidates, routed, TimeSpan.FromSeconds(_now));
        // Policies that keep no books leave it to the caller.
        routed.Replica ??= candidates[chosen].Id;
        var answer = new Answer(request, routed, gateway, _now);
        _replicas[chosen].Add(answer, _now);
        StepIfIdle(_replicas[chosen]);
    }

    private void StepIfIdle(SimulatedReplica replica)
    {
        if (replica.IsStepping || replica.Step(_now) is not { Idle: false } step)
        {
            return;
        }

        var gained = step.Gained.ToArray();
        replica.IsStepping = true;
        At(_now + (step.Seconds * replica.Slowness), () =>
        {
            replica.IsStepping = false;
            foreach (var sequence in gained)
            {
                var answer = (Answer)sequence.Tag!;
                if (answer.Sequence == sequence)
                {
                    Gained(answer, sequence, replica);
                }
            }

            StepIfIdle(replica);
        });
    }

    private void Gained(Answer answer, Sequence sequence, SimulatedReplica replica)
    {
        var policy = _gateways[answer.Gateway];
        if (!answer.HasBegun)
        {
            answer.HasBegun = true;
            answer.FirstTokenAt = _now;
            answer.CachedTokens = sequence.CachedTokens;
            replica.Began(answer.Gateway);
            policy.Handle(RouteEvent.FirstToken, answer.Routed, TimeSpan.FromSeconds(_now));
        }

        if (sequence.State == SequenceState.Finished && !answer.IsDone)
        {
            answer.IsDone = true;
            answer.DoneAt = _now;
            replica.Done(answer);
            answer.Routed.Usage = new ReportedUsage(answer.Request.PromptTokens, answer.CachedTokens, answer.Request.AnswerTokens);
            answer.Routed.AnswerBlocks = Workload.ChainWithAnswer(answer.Request, answer.Routed.Blocks.Span);
            policy.Handle(RouteEvent.Finished, answer.Routed, TimeSpan.FromSeconds(_now));
            _answers.Add(answer);
        }
    }
}
