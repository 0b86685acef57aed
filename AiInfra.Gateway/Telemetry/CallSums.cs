using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace AiInfra.Gateway.Telemetry;

/// <summary>
/// What calls add up to, read when somebody scrapes: a call finds its sums once and adds to them, where a counter for each figure would
/// look up its labels every time.
/// </summary>
internal sealed class CallSums
{
    private readonly ConcurrentDictionary<(string Endpoint, string Model, string Outcome), Requests> _requests = new();
    private readonly ConcurrentDictionary<(string Tenant, string Model), Calls> _calls = new();
    private readonly ConcurrentDictionary<string, Caches> _caches = new(StringComparer.Ordinal);

    public CallSums(Meter meter)
    {
        meter.CreateObservableCounter("aiinfra.gateway.requests", ReadRequests, "{request}",
            "Requests by endpoint, model and outcome: ok, refused (the caller's fault, or a limit), failed (ours), canceled (the caller left).");
        meter.CreateObservableCounter("aiinfra.gateway.tokens", ReadTokens, "{token}", "Tokens by tenant, model and kind: input (not from a cache), cached, output.");
        meter.CreateObservableCounter("aiinfra.gateway.cost", ReadCosts, "{currency}",
            "What calls cost at the prices of the configuration, by tenant and model, in the currency that the prices are written in.");
        meter.CreateObservableCounter("aiinfra.gateway.cache_tokens", ReadCaches, "{token}",
            "Prompt tokens that routing expected in the chosen replica's cache (kind expected), and those found there (kind reported).");
    }

    public void Ended(string endpoint, string model, string outcome) =>
        Interlocked.Increment(ref _requests.GetOrAdd((endpoint, model, outcome), static _ => new Requests()).Count);

    /// <summary>What a call cost. One without a price counts 0, so that the series is there.</summary>
    /// <param name="tenant">The tenant as labels name it.</param>
    /// <param name="model">The public name.</param>
    /// <param name="money">Millionths of the currency.</param>
    public void Charged(string tenant, string model, long money)
    {
        var calls = Of(tenant, model);
        Interlocked.Add(ref calls.Money, money);
        Volatile.Write(ref calls.IsCharged, true);
    }

    public void Used(string tenant, string model, int input, int cached, int output)
    {
        var calls = Of(tenant, model);
        Interlocked.Add(ref calls.Input, input - cached);
        Interlocked.Add(ref calls.Cached, cached);
        Interlocked.Add(ref calls.Output, output);
        Volatile.Write(ref calls.HasTokens, true);
    }

    public void Cached(string model, long expected, long reported)
    {
        var caches = _caches.GetOrAdd(model, static _ => new Caches());
        Interlocked.Add(ref caches.Expected, expected);
        Interlocked.Add(ref caches.Reported, reported);
    }

    private Calls Of(string tenant, string model) => _calls.GetOrAdd((tenant, model), static _ => new Calls());

    private IEnumerable<Measurement<long>> ReadRequests() => _requests.Select(entry => new Measurement<long>(
        Interlocked.Read(ref entry.Value.Count), new("endpoint", entry.Key.Endpoint), new("model", entry.Key.Model), new("outcome", entry.Key.Outcome)));

    private IEnumerable<Measurement<long>> ReadTokens()
    {
        foreach (var ((tenant, model), calls) in _calls)
        {
            if (Volatile.Read(ref calls.HasTokens))
            {
                yield return Of(ref calls.Input, "input");
                yield return Of(ref calls.Cached, "cached");
                yield return Of(ref calls.Output, "output");
            }

            Measurement<long> Of(ref long tokens, string kind) => new(Interlocked.Read(ref tokens), new("tenant", tenant), new("model", model), new("kind", kind));
        }
    }

    private IEnumerable<Measurement<double>> ReadCosts() =>
        from entry in _calls
        where Volatile.Read(ref entry.Value.IsCharged)
        select new Measurement<double>(Interlocked.Read(ref entry.Value.Money) / 1e6, new("tenant", entry.Key.Tenant), new("model", entry.Key.Model));

    private IEnumerable<Measurement<long>> ReadCaches()
    {
        foreach (var (model, caches) in _caches)
        {
            yield return new(Interlocked.Read(ref caches.Expected), new("model", model), new("kind", "expected"));
            yield return new(Interlocked.Read(ref caches.Reported), new("model", model), new("kind", "reported"));
        }
    }

    private sealed class Requests
    {
        public long Count;
    }

    private sealed class Caches
    {
        public long Expected;
        public long Reported;
    }

    private sealed class Calls
    {
        public long Input;
        public long Cached;
        public long Output;
        public long Money;
        public bool HasTokens;
        public bool IsCharged;
    }
}
