using System.Diagnostics;
using AiInfra.Bench.Overhead;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.Faults;

/// <summary>What callers of the gateway get while replicas do what recorded vLLM servers did.</summary>
internal sealed class FaultsBenchmark : IBenchmark
{
    private const int Replicas = 3;
    private const string Engine = "profile=8b-h100 speed=20";

    /// <summary>Trouble of the first replica, and whether an answer may have begun by then.</summary>
    private static readonly (string Label, object Trouble, bool Late)[] Troubles =
    [
        ("connection reset", new { kind = "refuse", requests = 8 }, false),
        ("hangs before headers", new { kind = "hang-before-headers", requests = 8 }, false),
        ("hangs after headers", new { kind = "hang-after-headers", requests = 8 }, false),
        ("slow", new { kind = "slow", seconds = 0.2, requests = 8 }, false),
        ("429", new { kind = "status", status = 429, requests = 8 }, false),
        ("500", new { kind = "status", status = 500, requests = 8 }, false),
        ("503", new { kind = "status", status = 503, requests = 8 }, false),
        ("draining", new { kind = "drain" }, false),
        ("silent in mid-stream", new { kind = "silent", frames = 3, requests = 8 }, true),
        ("cut in mid-stream", new { kind = "cut", frames = 3, requests = 8 }, true),
    ];

    public string Name => "faults";

    public string Summary => "What callers get while real LocalVllm processes refuse, hang, drain, break off, restart and vanish; disconnects on every endpoint; about 3 minutes";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        if (await OverheadServers.TryServeAsync(cancellationToken))
        {
            return new BenchReport(Name, [], []);
        }

        var (rows, bars) = (new List<BenchRow>(), new List<BenchBar>());
        await using (var cluster = await FaultCluster.StartAsync(Replicas, Engine,
            ["--Routing:Policy=RoundRobin", "--Forwarding:FirstByteTimeout=00:00:02", "--Forwarding:StreamIdleTimeout=00:00:02", "--Replicas:StallTimeout=00:00:02", "--Replicas:ProbeInterval=00:00:00.200"], cancellationToken))
        {
            using var caller = new FaultCaller();
            foreach (var (label, trouble, late) in Troubles)
            {
                await cluster.WaitUntilServingAsync(caller, cancellationToken);
                await cluster.TroubleAsync(0, trouble, cancellationToken);
                Judge(label, await AskAsync(cluster, caller, arguments.Full ? 240 : 48, null, cancellationToken), late, rows, bars);
                await cluster.TroubleAsync(0, new { kind = "none" }, cancellationToken);
            }

            await WholeServerAsync(cluster, caller, rows, bars, cancellationToken);
            await RestartAllAsync(cluster, caller, rows, bars, cancellationToken);
            await PoolGoneAsync(cluster, caller, rows, bars, cancellationToken);
        }

        await DisconnectProbe.RunAsync(rows, bars, cancellationToken);
        return new BenchReport(Name, rows, bars)
        {
            Notes =
            [
                $"{Replicas} LocalVllm processes (simulated engine, {Engine}); round robin, so that trouble is met; time-outs of the gateway shortened to 2 s; half of the calls streamed.",
                "told late: a stream that had begun ended in an error event. wrong: half an answer that looks whole, or a broken connection. hung: nothing for 30 s.",
            ],
        };
    }

    private static async Task WholeServerAsync(FaultCluster cluster, FaultCaller caller, List<BenchRow> rows, List<BenchBar> bars, CancellationToken cancellationToken)
    {
        foreach (var (label, trouble) in new (string, object)[]
        {
            ("engine hangs", new { kind = "hang-engine" }), ("aborts that look like success", new { kind = "abort" }), ("engine killed", new { kind = "kill-engine", exit = true }),
        })
        {
            await cluster.WaitUntilServingAsync(caller, cancellationToken);
            Judge(label, await AskAsync(cluster, caller, 48, () => cluster.TroubleAsync(0, trouble, cancellationToken), cancellationToken), late: true, rows, bars);
            if (label == "engine killed")
            {
                await cluster.KillReplicaAsync(0);
                await cluster.StartReplicaAsync(0, cancellationToken);
            }
            else
            {
                await cluster.TroubleAsync(0, new { kind = "none" }, cancellationToken);
            }
        }
    }

    private static async Task RestartAllAsync(FaultCluster cluster, FaultCaller caller, List<BenchRow> rows, List<BenchBar> bars, CancellationToken cancellationToken)
    {
        await cluster.WaitUntilServingAsync(caller, cancellationToken);
        var isOver = false;
        var callers = Enumerable.Range(0, 12).Select(async i =>
        {
            var answers = new List<FaultAnswer>();
            while (!Volatile.Read(ref isOver))
            {
                answers.Add(await caller.SendAsync(cluster.Port, i % 2 == 0, cancellationToken));
            }

            return answers;
        }).ToList();
        for (var replica = 0; replica < cluster.Count; replica++)
        {
            await Task.Delay(500, cancellationToken);
            await cluster.StopReplicaAsync(replica);
            await cluster.StartReplicaAsync(replica, cancellationToken);
            await cluster.WaitUntilServingAsync(caller, cancellationToken);
        }

        Volatile.Write(ref isOver, true);
        Judge("all restarted in turn", [.. (await Task.WhenAll(callers)).SelectMany(answers => answers)], late: false, rows, bars);
    }

    private static async Task PoolGoneAsync(FaultCluster cluster, FaultCaller caller, List<BenchRow> rows, List<BenchBar> bars, CancellationToken cancellationToken)
    {
        for (var replica = 0; replica < cluster.Count; replica++)
        {
            await cluster.KillReplicaAsync(replica);
        }

        var answers = new List<FaultAnswer>();
        for (var i = 0; i < 10; i++)
        {
            answers.Add(await caller.SendAsync(cluster.Port, i % 2 == 0, cancellationToken));
        }

        var isTold = answers.Count(answer => answer is { Status: 503, HasRetryAfter: true });
        for (var replica = 0; replica < cluster.Count; replica++)
        {
            await cluster.StartReplicaAsync(replica, cancellationToken);
        }

        var clock = Stopwatch.StartNew();
        while ((await caller.SendAsync(cluster.Port, false, cancellationToken)).Outcome != FaultOutcome.Complete)
        {
            await Task.Delay(20, cancellationToken);
        }

        rows.Add(new BenchRow("whole pool gone", new Dictionary<string, double>
        {
            ["calls"] = answers.Count,
            ["503 + Retry-After"] = isTold,
            ["longest s"] = answers.Max(answer => answer.Seconds),
            ["back after s"] = clock.Elapsed.TotalSeconds,
        }));
        bars.Add(BenchBar.AtLeast("whole pool gone: part told 503 with Retry-After", isTold / (double)answers.Count, 1));
        bars.Add(BenchBar.AtMost("whole pool gone: longest answer, s", answers.Max(answer => answer.Seconds), 2));
        bars.Add(BenchBar.AtMost("whole pool gone: answers after its return, s", clock.Elapsed.TotalSeconds, 5));
    }

    private static async Task<IReadOnlyList<FaultAnswer>> AskAsync(
        FaultCluster cluster, FaultCaller caller, int calls, Func<Task>? meanwhile, CancellationToken cancellationToken)
    {
        const int Clients = 12;
        var clients = Enumerable.Range(0, Clients).Select(async client =>
        {
            var answers = new List<FaultAnswer>();
            for (var i = 0; i < calls / Clients; i++)
            {
                answers.Add(await caller.SendAsync(cluster.Port, (client + i) % 2 == 0, cancellationToken));
            }

            return answers;
        }).ToList();
        if (meanwhile is not null)
        {
            await meanwhile();
        }

        return [.. (await Task.WhenAll(clients)).SelectMany(answers => answers)];
    }

    private static void Judge(string label, IReadOnlyList<FaultAnswer> answers, bool late, List<BenchRow> rows, List<BenchBar> bars)
    {
        int Count(FaultOutcome outcome) => answers.Count(answer => answer.Outcome == outcome);
        rows.Add(new BenchRow(label, new Dictionary<string, double>
        {
            ["calls"] = answers.Count,
            ["complete"] = Count(FaultOutcome.Complete),
            ["told late"] = Count(FaultOutcome.ToldLate),
            ["refused"] = Count(FaultOutcome.Refused),
            ["wrong"] = Count(FaultOutcome.Wrong),
            ["hung"] = Count(FaultOutcome.Hung),
            ["longest s"] = answers.Max(answer => answer.Seconds),
        }));
        bars.Add(BenchBar.AtMost($"{label}: calls that failed{(late ? " other than by an error event" : "")}",
            Count(FaultOutcome.Refused) + Count(FaultOutcome.Wrong) + Count(FaultOutcome.Hung) + (late ? 0 : Count(FaultOutcome.ToldLate)), 0));
    }
}
