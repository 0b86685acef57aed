using System.Diagnostics;
using System.Diagnostics.Metrics;
using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Routing;
using AiInfra.Gateway.Tenants;

namespace AiInfra.Gateway.Metrics;

/// <summary>What the gateway counts. Label values come from the configuration and from replicas, never from callers.</summary>
/// <remarks><c>gen_ai.*</c> follows the OpenTelemetry semantic conventions for generative AI, 1.38.</remarks>
internal sealed class GatewayMetrics : IDisposable
{
    public const string MeterName = "AiInfra.Gateway";

    private readonly Meter _meter;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _ejections;
    private readonly Counter<long> _denials;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _cacheTokens;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _perToken;
    private readonly Histogram<double> _overhead;

    public GatewayMetrics(IMeterFactory meters, ModelCatalog catalog)
    {
        _meter = meters.Create(MeterName);
        var seconds = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60] };
        var fine = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1] };
        _requests = _meter.CreateCounter<long>("aiinfra.gateway.requests", description: "Model requests by how they ended.");
        _retries = _meter.CreateCounter<long>("aiinfra.gateway.retries", description: "Attempts that another replica had to make good.");
        _ejections = _meter.CreateCounter<long>("aiinfra.gateway.ejections", description: "Replicas taken out of service.");
        _denials = _meter.CreateCounter<long>("aiinfra.gateway.denials", description: "Requests refused before a replica was asked.");
        _tokens = _meter.CreateCounter<long>("aiinfra.gateway.tokens", description: "Tokens that replicas reported.");
        _cacheTokens = _meter.CreateCounter<long>("aiinfra.gateway.cache_tokens", description: "Prompt tokens expected in a replica's cache, and those found there.");
        _firstToken = _meter.CreateHistogram("gen_ai.server.time_to_first_token", "s", "From a request's arrival to its first token.", advice: seconds);
        _perToken = _meter.CreateHistogram("gen_ai.server.time_per_output_token", "s", "Time per token after the first.", advice: fine);
        _overhead = _meter.CreateHistogram("aiinfra.gateway.overhead", "s", "From a request's arrival, body included, to its first attempt, waiting in the gateway's queue excluded.", advice: fine);
        _meter.CreateObservableGauge("aiinfra.gateway.replicas", () => CountReplicas(catalog), description: "Replicas by state.");
        _meter.CreateObservableGauge("aiinfra.gateway.replica_requests_in_flight", () => InFlight(catalog), description: "Open requests of this gateway.");
    }

    public void Requested(ModelRoute route, string outcome) => _requests.Add(1, new("model", route.PublicName), new("outcome", outcome));

    public void Retried(ModelRoute route, AttemptOutcome reason) => _retries.Add(1, new("model", route.PublicName), new("reason", reason.ToString()));

    public void Ejected(string service, ReplicaEvent reason) => _ejections.Add(1, new("model", service), new("reason", reason.ToString()));

    public void Denied(Caller? caller, string reason) => _denials.Add(1, new("tenant", caller?.Tenant ?? ""), new("reason", reason));

    public void Began(ModelRoute route, TimeSpan overhead) => _overhead.Record(overhead.TotalSeconds, new KeyValuePair<string, object?>("model", route.PublicName));

    public void GotFirstToken(ModelRoute route, TimeSpan after) => _firstToken.Record(after.TotalSeconds, new KeyValuePair<string, object?>("model", route.PublicName));

    public void Finished(ModelRoute route, Caller caller, RouteRequest placed, TimeSpan sinceFirstToken)
    {
        if (placed.Usage is not { } usage)
        {
            return;
        }

        var cached = usage.Cached ?? 0;
        Count(usage.Prompt - cached, "input");
        Count(cached, "cached");
        Count(usage.Completion, "output");
        if (usage.Cached is not null)
        {
            _cacheTokens.Add((long)placed.ExpectedCached, new("model", route.PublicName), new("kind", "expected"));
            _cacheTokens.Add(cached, new("model", route.PublicName), new("kind", "reported"));
        }

        if (usage.Completion > 1)
        {
            _perToken.Record(sinceFirstToken.TotalSeconds / (usage.Completion - 1), new KeyValuePair<string, object?>("model", route.PublicName));
        }

        void Count(long tokens, string kind)
        {
            if (tokens > 0)
            {
                _tokens.Add(tokens, new TagList { { "tenant", caller.Tenant }, { "model", route.PublicName }, { "kind", kind } });
            }
        }
    }

    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<int>> CountReplicas(ModelCatalog catalog)
    {
        foreach (var route in catalog.Routes.Where(route => !route.IsAlias))
        {
            var replicas = route.Pool.Replicas;
            var draining = replicas.Count(replica => replica.IsDraining);
            var healthy = replicas.Count(replica => !replica.IsDraining && replica.State == ReplicaState.Serving);
            yield return new(healthy, new("model", route.PublicName), new("state", "healthy"));
            yield return new(draining, new("model", route.PublicName), new("state", "draining"));
            yield return new(replicas.Count - healthy - draining, new("model", route.PublicName), new("state", "ejected"));
        }
    }

    private static IEnumerable<Measurement<int>> InFlight(ModelCatalog catalog) =>
        from route in catalog.Routes
        where !route.IsAlias
        from replica in route.Pool.Replicas
        select new Measurement<int>(replica.InFlight, new("model", route.PublicName), new("replica", replica.Id));
}
