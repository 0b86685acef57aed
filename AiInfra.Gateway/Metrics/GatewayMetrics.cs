using System.Diagnostics;
using System.Diagnostics.Metrics;
using AiInfra.Gateway.Admission;
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
    private readonly Histogram<double> _duration;
    private readonly Histogram<long> _usage;
    private readonly TenantLabels _tenants;

    public GatewayMetrics(IMeterFactory meters, ModelCatalog catalog, AdmissionGates gates, TenantLabels tenants)
    {
        _tenants = tenants;
        _meter = meters.Create(MeterName);
        var seconds = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60] };
        var fine = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1] };
        var whole = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] };
        var sizes = new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576] };
        _requests = _meter.CreateCounter<long>("aiinfra.gateway.requests",
            description: "Model requests by how they ended: answered, refused (bad input, or a limit), failed (our error), canceled (the caller left).");
        _duration = _meter.CreateHistogram("gen_ai.server.request.duration", "s", "From a request's arrival to the last byte of its answer.", advice: whole);
        _usage = _meter.CreateHistogram("gen_ai.client.token.usage", "{token}", "Input and output tokens of a request, as its replica reported them.", advice: sizes);
        _retries = _meter.CreateCounter<long>("aiinfra.gateway.retries", description: "Attempts that another replica had to make good.");
        _ejections = _meter.CreateCounter<long>("aiinfra.gateway.ejections", description: "Replicas taken out of service.");
        _denials = _meter.CreateCounter<long>("aiinfra.gateway.denials", description: "Requests refused before a replica was asked.");
        _tokens = _meter.CreateCounter<long>("aiinfra.gateway.tokens", description: "Tokens that replicas reported.");
        _cacheTokens = _meter.CreateCounter<long>("aiinfra.gateway.cache_tokens", description: "Prompt tokens expected in a replica's cache, and those found there.");
        _firstToken = _meter.CreateHistogram("gen_ai.server.time_to_first_token", "s", "From a request's arrival to its first token.", advice: seconds);
        _perToken = _meter.CreateHistogram("gen_ai.server.time_per_output_token", "s", "Time per token after the first.", advice: fine);
        _overhead = _meter.CreateHistogram("aiinfra.gateway.overhead", "s", "From a request's arrival, body included, to its first attempt, waiting in the gateway's queue excluded.", advice: fine);
        _meter.CreateObservableGauge("aiinfra.gateway.replicas", () => CountReplicas(catalog), description: "Replicas by state.");
        _meter.CreateObservableGauge("aiinfra.gateway.queue_requests", () => Queued(catalog, gates), description: "Requests that wait in this gateway for a place at a replica.");
        _meter.CreateObservableGauge("aiinfra.gateway.replica_requests_in_flight", () => InFlight(catalog), description: "Open requests of this gateway.");
    }

    public void Requested(ModelEndpoint endpoint, ModelRoute route, string outcome, TimeSpan duration)
    {
        _requests.Add(1, new("model", route.PublicName), new("outcome", outcome));
        var tags = GenAi(endpoint, route);
        if (outcome != "answered")
        {
            tags.Add("error.type", outcome);
        }

        _duration.Record(duration.TotalSeconds, tags);
    }

    public void Retried(ModelRoute route, AttemptOutcome reason) => _retries.Add(1, new("model", route.PublicName), new("reason", reason.ToString()));

    public void Ejected(string service, ReplicaEvent reason) => _ejections.Add(1, new("pool", service), new("reason", reason.ToString()));

    public void Denied(Caller? caller, string reason) => _denials.Add(1, new("tenant", caller is null ? "" : _tenants.Of(caller.Tenant)), new("reason", reason));

    public void Began(ModelRoute route, TimeSpan overhead) => _overhead.Record(overhead.TotalSeconds, new KeyValuePair<string, object?>("model", route.PublicName));

    public void GotFirstToken(ModelEndpoint endpoint, ModelRoute route, TimeSpan after) => _firstToken.Record(after.TotalSeconds, GenAi(endpoint, route));

    public void Finished(ModelEndpoint endpoint, ModelRoute route, Caller caller, RouteRequest placed, TimeSpan sinceFirstToken)
    {
        if (placed.Usage is not { } usage)
        {
            return;
        }

        var cached = usage.Cached ?? 0;
        Count(usage.Prompt - cached, "input");
        Count(cached, "cached");
        Count(usage.Completion, "output");
        Record(usage.Prompt, "input");
        Record(usage.Completion, "output");
        if (usage.Cached is not null)
        {
            _cacheTokens.Add((long)placed.ExpectedCached, new("model", route.PublicName), new("kind", "expected"));
            _cacheTokens.Add(cached, new("model", route.PublicName), new("kind", "reported"));
        }

        if (usage.Completion > 1)
        {
            _perToken.Record(sinceFirstToken.TotalSeconds / (usage.Completion - 1), GenAi(endpoint, route));
        }

        void Count(long tokens, string kind)
        {
            if (tokens > 0)
            {
                _tokens.Add(tokens, new TagList { { "tenant", _tenants.Of(caller.Tenant) }, { "model", route.PublicName }, { "kind", kind } });
            }
        }

        void Record(long tokens, string type)
        {
            var tags = GenAi(endpoint, route);
            tags.Add("gen_ai.token.type", type);
            _usage.Record(tokens, tags);
        }
    }

    public void Dispose() => _meter.Dispose();

    private static TagList GenAi(ModelEndpoint endpoint, ModelRoute route) => new()
    {
        { "gen_ai.operation.name", endpoint.Operation }, { "gen_ai.provider.name", "vllm" }, { "gen_ai.request.model", route.PublicName },
    };

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

    private static IEnumerable<Measurement<int>> Queued(ModelCatalog catalog, AdmissionGates gates) =>
        from route in catalog.Routes
        where !route.IsAlias
        select new Measurement<int>(gates.Of(route.Pool.Service).Queued, new KeyValuePair<string, object?>("model", route.PublicName));

    private static IEnumerable<Measurement<int>> InFlight(ModelCatalog catalog) =>
        from route in catalog.Routes
        where !route.IsAlias
        from replica in route.Pool.Replicas
        select new Measurement<int>(replica.InFlight, new("model", route.PublicName), new("replica", replica.Id));
}
