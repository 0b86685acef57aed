using System.Diagnostics.Metrics;
using AiInfra.MemoryService.Indexing;
using AiInfra.MemoryService.Storage;

namespace AiInfra.MemoryService.Telemetry;

/// <summary>The memory service's metrics. Every label value is from a fixed list: tenants and users never become labels here.</summary>
internal sealed class MemoryMetrics
{
    public const string MeterName = "AiInfra.MemoryService";

    private readonly Histogram<double> _operations;
    private readonly Histogram<double> _searchStages;
    private readonly Histogram<double> _embeddings;
    private readonly TimeProvider _time;
    private long _duplicates;
    private long _rebuilds;

    public MemoryMetrics(IMeterFactory meters, IndexStates states, TenantDatabases databases, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(MeterName);
        double[] bounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0];
        _operations = Seconds("aiinfra.memory.operation.duration", "Operations at the doors, by kind and outcome: ok, refused, failed (ours).");
        _searchStages = Seconds("aiinfra.memory.search.stage.duration", "Parts of a search: embed the question, score the scope, read the records.");
        _embeddings = Seconds("aiinfra.memory.embedding.duration", "Calls of the embedding model, of one text or of a batch.");
        // Observed, so that they are seen from the start: an increase from nothing is no increase.
        meter.CreateObservableCounter("aiinfra.memory.duplicates", () => Interlocked.Read(ref _duplicates), "{memory}", "Memories stored that equal an earlier one.");
        meter.CreateObservableCounter("aiinfra.memory.index.rebuilds", () => Interlocked.Read(ref _rebuilds), "{rebuild}", "Collections made anew from the records.");
        meter.CreateObservableGauge("aiinfra.memory.index.lag", () => states.Lag.TotalSeconds, "s", "How long ago the index last had every change; 0 while it has.");
        meter.CreateObservableUpDownCounter("aiinfra.memory.outbox.records", () => states.Behind.Sum(tenant => databases.Of(tenant).Read(OutboxRows.Count)),
            "{record}", "Changes that wait for the index.");
        meter.CreateObservableGauge("aiinfra.memory.index.available", () => Available(states), "1", "1 when every collection answers and is whole, 0 when one is not.");

        Histogram<double> Seconds(string name, string description) =>
            meter.CreateHistogram(name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
    }

    public long Start() => _time.GetTimestamp();

    public void Operation(string operation, string outcome, long start) =>
        _operations.Record(_time.GetElapsedTime(start).TotalSeconds, new("operation", operation), new("outcome", outcome));

    /// <returns>When the next stage begins.</returns>
    public long SearchStage(string stage, long start)
    {
        _searchStages.Record(_time.GetElapsedTime(start).TotalSeconds, new KeyValuePair<string, object?>("stage", stage));
        return _time.GetTimestamp();
    }

    public void Embedded(long start) => _embeddings.Record(_time.GetElapsedTime(start).TotalSeconds);

    public void Duplicates(int count) => Interlocked.Add(ref _duplicates, count);

    public void Rebuilding() => Interlocked.Increment(ref _rebuilds);

    // Nothing is said while there is no collection: unknown is not down.
    private static IEnumerable<Measurement<int>> Available(IndexStates states) =>
        states.All.Any() ? [new Measurement<int>(states.All.All(state => state.IsWell) ? 1 : 0)] : [];
}
