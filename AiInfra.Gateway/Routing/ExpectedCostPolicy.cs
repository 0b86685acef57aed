using System.Globalization;
using System.Text;

namespace AiInfra.Gateway.Routing;

/// <summary>
/// The replica where the request costs everybody the least time: <c>W + s·(1 + λ·(W + s)/(1 - ρ)) + d</c> in seconds. W is the prefill placed
/// there and not done yet, with what others queued there; s = a + b·u the prefill of the u tokens that are not cached. λ is the rate of
/// arrivals per replica and ρ the part of the time that they keep it busy: all who come before it is idle again wait s longer. d is what
/// becomes later for the n answers that run there: they stand still for a part of s, and every token of every answer takes longer for one
/// more beside it. a, b, that part, that longer, and how far the index is to be trusted are learned.
/// </summary>
/// <remarks>
/// A prompt counts as cached from the moment that it is placed: the engine works in order, so whoever comes later finds it computed, and
/// the wait for that is in W.
/// </remarks>
internal sealed class ExpectedCostPolicy(int maxIndexedBlocks, Random random) : IRoutingPolicy
{
    private const int ArrivalsKept = 64;
    private const int MaxLedgers = 512;
    private const double MostBusy = 0.9;
    private const int FewestTokens = 8;

    // A value, not a measurement: a second's delay inside running answers counts as a tenth of one before an answer begins, for text
    // comes faster than it is read.
    private const double RunningWeight = 0.1;
    // Where nothing has been learned yet. It only orders the first few choices.
    private static readonly (double Intercept, double Slope) FirstGuess = (0.03, 0.000_25);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ReplicaLedger> _ledgers = new(StringComparer.Ordinal);
    private readonly DecayedLine _pool = new(0.99);
    private readonly TimeSpan[] _arrivals = new TimeSpan[ArrivalsKept];
    private int _arrivalCount;
    private double _meanAnswerTokens = 128;

    public string Name => "ExpectedCost";

    /// <summary>Replicas that something is kept about.</summary>
    public int LedgerCount
    {
        get
        {
            lock (_lock)
            {
                return _ledgers.Count;
            }
        }
    }

    /// <summary>Placed requests whose first token has not come.</summary>
    public int PendingCount
    {
        get
        {
            lock (_lock)
            {
                return _ledgers.Values.Sum(ledger => ledger.Pending);
            }
        }
    }

    public int Pick(ReadOnlySpan<RouteCandidate> candidates, RouteRequest request, TimeSpan now)
    {
        lock (_lock)
        {
            var rate = NoteArrival(now) / candidates.Length;
            var prior = _pool.Fit(FirstGuess, _pool.MeanX);
            var receipt = request.WantsReceipt ? new StringBuilder() : null;
            var best = new Terms { Index = -1, Cost = double.PositiveInfinity };
            var equals = 0;
            for (var i = 0; i < candidates.Length; i++)
            {
                var terms = TermsOf(candidates[i], i, request, rate, prior, now);
                receipt?.Append(CultureInfo.InvariantCulture,
                    $"{candidates[i].Id} wait={terms.Wait:0.####} prefill={terms.Prefill:0.####} running={terms.Running:0.####} cached={terms.Cached:0} cost={terms.Cost:0.####};");
                if (best.Index < 0 || terms.IsBetterThan(best))
                {
                    (best, equals) = (terms, 1);
                }
                else if (!best.IsBetterThan(terms) && random.Next(++equals) == 0)
                {
                    best = terms;
                }
            }

            Place(candidates[best.Index], best, request, now);
            request.Receipt = receipt?.ToString();
            return best.Index;
        }
    }

    public void Handle(RouteEvent happened, RouteRequest request, TimeSpan now)
    {
        if (request.Replica is not { } id)
        {
            return;
        }

        lock (_lock)
        {
            var ledger = LedgerOf(id);
            switch (happened)
            {
                case RouteEvent.FirstToken:
                    if (ledger.End(request, now))
                    {
                        Learn(ledger, request, now);
                        ledger.BeginDecoding(request, now);
                    }

                    break;
                case RouteEvent.Finished:
                    ledger.End(request, now);
                    Stop(ledger, request, now);
                    Settle(ledger, request);
                    break;
                default:
                    ledger.End(request, now);
                    Stop(ledger, request, now);
                    break;
            }
        }
    }

    private static void Stop(ReplicaLedger ledger, RouteRequest request, TimeSpan now)
    {
        if (request.Held is { Blocks: > 0 } held && held.Epoch == ledger.Index.Epoch)
        {
            ledger.Index.Release(request.Blocks.Span[..held.Blocks]);
        }

        request.Held = default;
        if (ledger.EndDecoding(request, now) is { } run && request.Usage is { Completion: >= FewestTokens } usage)
        {
            var gaps = usage.Completion - 1;
            ledger.Pace.Add(run.Seconds / gaps, run.Streams, run.PrefillSeconds / gaps);
        }
    }

    private Terms TermsOf(in RouteCandidate candidate, int index, RouteRequest request, double rate, (double, double) prior, TimeSpan now)
    {
        var ledger = LedgerOf(candidate.Id);
        if (ledger.Restarts != candidate.Restarts)
        {
            if (ledger.Restarts >= 0)
            {
                ledger.Forget();
            }

            ledger.Restarts = candidate.Restarts;
        }

        var cached = Math.Min(ledger.Index.Match(request.Blocks.Span) * request.BlockTokens, request.PromptTokens) * ledger.Trust;
        var (a, b) = ledger.Prefill.Fit(prior, _pool.MeanX);
        var uncached = Math.Max(0, request.PromptTokens - cached);
        var prefill = a + b * uncached;
        // Requests of other gateways in the engine's queue: each at the mean of what is known.
        var foreign = candidate.ForeignWaiting ?? 0;
        var wait = ledger.Backlog(now) + foreign * Math.Max(ledger.Prefill.MeanY, _pool.MeanY);
        // Own delay and the others', token by token, and theirs while the prompt is computed.
        var streams = Math.Max(ledger.Decoding, candidate.Running ?? 0);
        var running = RunningWeight * streams * ((ledger.Pace.Stall * prefill) + (2 * _meanAnswerTokens * ledger.Pace.PerStream));
        return new Terms
        {
            Index = index,
            Wait = wait,
            Prefill = prefill,
            Running = running,
            Cached = cached,
            Uncached = uncached,
            // Unknown and idle: asked at once, or it would stay unknown for as long as the known ones suffice.
            Cost = ledger.IsCold && wait == 0 ? 0 : wait + (prefill * (1 + (rate * (wait + prefill) / (1 - Math.Min(MostBusy, rate * _pool.MeanY))))) + running,
            // One at a time until it has answered once: a replica that swallows requests would look idle.
            IsHeldBack = ledger.IsCold && ledger.Pending > 0,
            Load = candidate.InFlight,
        };
    }

    private ReplicaLedger LedgerOf(string id)
    {
        if (_ledgers.TryGetValue(id, out var ledger))
        {
            return ledger;
        }

        if (_ledgers.Count >= MaxLedgers)
        {
            // Replicas that came and went: addresses change with every deployment.
            foreach (var (gone, _) in _ledgers.Where(entry => entry.Value is { Pending: 0, Decoding: 0 }).ToList())
            {
                _ledgers.Remove(gone);
            }
        }

        return _ledgers[id] = new ReplicaLedger();
    }

    private void Place(in RouteCandidate chosen, in Terms terms, RouteRequest request, TimeSpan now)
    {
        request.Replica = chosen.Id;
        request.CacheTokens = chosen.CacheTokens;
        request.PlacedAt = now;
        request.ExpectedWait = terms.Wait;
        request.ExpectedPrefill = terms.Prefill;
        request.ExpectedCached = terms.Cached;
        request.ExpectedUncached = terms.Uncached;
        var ledger = _ledgers[chosen.Id];
        ledger.Begin(request, now);
        request.Held = (ledger.Index.Take(request.Blocks.Span, Capacity(request)), ledger.Index.Epoch);
    }

    private void Learn(ReplicaLedger ledger, RouteRequest request, TimeSpan now)
    {
        var took = Math.Max(0, (now - request.PlacedAt).TotalSeconds - request.ExpectedWait);
        // The longer it had to wait, the less its time says about its own prefill.
        var weight = request.ExpectedPrefill / (request.ExpectedPrefill + request.ExpectedWait + 1e-9);
        ledger.Prefill.Add(request.ExpectedUncached, took, weight);
        _pool.Add(request.ExpectedUncached, took, weight);
    }

    private void Settle(ReplicaLedger ledger, RouteRequest request)
    {
        if (request.Usage is { Cached: { } cached } && request.ExpectedCached > 0)
        {
            ledger.CompareCached(request.ExpectedCached, cached);
        }

        if (request.Usage is { } used)
        {
            _meanAnswerTokens += 0.02 * (used.Completion - _meanAnswerTokens);
        }

        // The answer's blocks are there too: the next turn finds both.
        if (!request.AnswerBlocks.IsEmpty)
        {
            ledger.Index.Touch(request.AnswerBlocks.Span, Capacity(request));
        }
    }

    private int Capacity(RouteRequest request) => request.CacheTokens is { } tokens && request.BlockTokens > 0
        ? (int)Math.Clamp(tokens / request.BlockTokens, 1, maxIndexedBlocks)
        : maxIndexedBlocks;

    /// <returns>Arrivals per second over the last 64; 0 while there are too few.</returns>
    private double NoteArrival(TimeSpan now)
    {
        var oldest = _arrivals[_arrivalCount % ArrivalsKept];
        _arrivals[_arrivalCount % ArrivalsKept] = now;
        _arrivalCount++;
        if (_arrivalCount <= ArrivalsKept)
        {
            oldest = _arrivals[0];
        }

        var span = (now - oldest).TotalSeconds;
        return span > 0 ? (Math.Min(_arrivalCount, ArrivalsKept + 1) - 1) / span : 0;
    }

    private struct Terms
    {
        public int Index;
        public double Wait;
        public double Prefill;
        public double Running;
        public double Cached;
        public double Uncached;
        public double Cost;
        public bool IsHeldBack;
        public int Load;

        /// <summary>Ties go to the replica with the least work.</summary>
        public readonly bool IsBetterThan(in Terms other)
        {
            if (IsHeldBack != other.IsHeldBack)
            {
                return !IsHeldBack;
            }

            return Cost < other.Cost || (Cost == other.Cost && Load < other.Load);
        }
    }
}
