using System.Diagnostics;
using System.Diagnostics.Metrics;
using AiInfra.Gateway.Admission;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Usage;

namespace AiInfra.Gateway.Telemetry;

/// <summary>
/// The gateway's metrics. <c>gen_ai.*</c> as in OpenTelemetry's semantic conventions for generative AI, version 1.37, seen as the
/// model's server; what they do not name is <c>aiinfra.gateway.*</c>. Every label value comes from configuration or from a fixed list.
/// </summary>
internal sealed class GatewayMetrics
{
    public const string MeterName = "AiInfra.Gateway";

    private readonly CallSums _sums;
    private readonly Histogram<double> _requestDuration;
    private readonly Histogram<double> _timeToFirstToken;
    private readonly Histogram<double> _timePerOutputToken;
    private readonly Histogram<long> _tokenUsage;
    private readonly Histogram<double> _overhead;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _ejections;
    private readonly Counter<long> _denials;
    private readonly TenantLabels _tenants;
    private readonly ModelCatalog _catalog;

    public GatewayMetrics(IMeterFactory meters, ModelCatalog catalog, AdmissionGates gates, TenantLabels tenants)
    {
        (_tenants, _catalog) = (tenants, catalog);
        var meter = meters.Create(MeterName);
        _sums = new CallSums(meter);
        _requestDuration = Seconds(meter, "gen_ai.server.request.duration", "From the request's arrival to the last byte of its answer.",
            [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]);
        _timeToFirstToken = Seconds(meter, "gen_ai.server.time_to_first_token", "From the request's arrival to the first token of a successful answer.",
            [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0]);
        _timePerOutputToken = Seconds(meter, "gen_ai.server.time_per_output_token", "Mean time between the tokens of a successful answer after its first one.",
            [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5]);
        _tokenUsage = meter.CreateHistogram("gen_ai.client.token.usage", "{token}", "Input and output tokens of a request, as the engine reported them.", tags: null,
            new InstrumentAdvice<long>
            {
                HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864],
            });
        _overhead = Seconds(meter, "aiinfra.gateway.overhead", "The gateway's own time on a request: all but the time that it spent on replicas.",
            [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0]);
        _retries = meter.CreateCounter<long>("aiinfra.gateway.retries", "{attempt}", "Attempts on a further replica, by what became of the one before.");
        _ejections = meter.CreateCounter<long>("aiinfra.gateway.ejections", "{ejection}", "Replicas taken out of service, by what was seen.");
        _denials = meter.CreateCounter<long>("aiinfra.gateway.denials", "{request}", "Requests refused, by tenant and reason.");
        meter.CreateObservableUpDownCounter("aiinfra.gateway.replicas", () => ReplicaGauges.ByState(catalog), "{replica}", "Replicas of each model by state.");
        meter.CreateObservableUpDownCounter("aiinfra.gateway.queue.requests", () => ReplicaGauges.Queued(catalog, gates), "{request}", "Requests that wait for a place at a replica.");
        meter.CreateObservableUpDownCounter("aiinfra.gateway.replica.requests.in_flight", () => ReplicaGauges.InFlight(catalog), "{request}", "Requests open on each replica.");
    }

    /// <summary>What a call cost. Calls to models without a price count 0, so that the series is there.</summary>
    public void Charged(UsageRecord usage) => _sums.Charged(_tenants.Of(usage.Tenant), usage.Model, usage.Money);

    public static string Outcome(int status, bool isCanceled, bool isBroken) => (status, isCanceled, isBroken) switch
    {
        (_, true, _) => "canceled",
        (_, _, true) or ( >= 500, _, _) => "failed",
        ( >= 400, _, _) => "refused",
        _ => "ok",
    };

    public void Ended(RequestMeasure request, string outcome)
    {
        RequestSpan.Describe(Activity.Current, request, outcome);
        _sums.Ended(request.Endpoint, request.Model, outcome);
        _overhead.Record(request.OwnSeconds);
        if (request.Operation is not { } operation || request.Model == RequestMeasure.NoModel)
        {
            return;
        }

        var tags = new TagList { { "gen_ai.operation.name", operation }, { "gen_ai.provider.name", "vllm" }, { "gen_ai.request.model", request.Model } };
        if (outcome == "ok" && request.SecondsToFirstToken is { } first)
        {
            _timeToFirstToken.Record(first, tags);
            if (request.OutputTokens > 1)
            {
                _timePerOutputToken.Record((request.TotalSeconds - first) / (request.OutputTokens - 1), tags);
            }
        }

        RecordUsage(request, tags);
        if (outcome != "ok")
        {
            tags.Add("error.type", outcome);
        }

        _requestDuration.Record(request.TotalSeconds, tags);
    }

    public void Retried(string model, string reason) => _retries.Add(1, new("model", model), new("reason", reason));

    public void Ejected(ReplicaPool pool, string replica, string reason) =>
        _ejections.Add(1, new("model", _catalog.NameOf(pool)), new("replica", replica), new("reason", reason));

    /// <param name="model">The public name.</param>
    /// <param name="expected">Prompt tokens that routing expected to be cached.</param>
    /// <param name="reported">Those that the replica reported; null when it did not tell.</param>
    public void Cached(string model, double expected, int? reported)
    {
        if (reported is { } tokens)
        {
            _sums.Cached(model, (long)expected, tokens);
        }
    }

    /// <param name="tenant">Whose request it was; null when that is not known.</param>
    /// <param name="reason">From a fixed list, for example <c>authentication</c>, <c>policy</c>, <c>rate</c>, <c>budget</c>.</param>
    public void Denied(string? tenant, string reason) => _denials.Add(1, new("tenant", tenant is null ? "" : _tenants.Of(tenant)), new("reason", reason));

    private void RecordUsage(RequestMeasure request, TagList tags)
    {
        if (request.InputTokens + request.OutputTokens == 0)
        {
            return;
        }

        _sums.Used(_tenants.Of(request.Tenant), request.Model, request.InputTokens, request.CachedTokens, request.OutputTokens);
        Usage(request.InputTokens, "input");
        Usage(request.OutputTokens, "output");

        void Usage(int tokens, string type)
        {
            var typed = tags;
            typed.Add("gen_ai.token.type", type);
            _tokenUsage.Record(tokens, typed);
        }
    }

    private static Histogram<double> Seconds(Meter meter, string name, string description, double[] bounds) =>
        meter.CreateHistogram(name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
