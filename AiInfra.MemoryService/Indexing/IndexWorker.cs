using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using AiInfra.MemoryService.Chroma;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Storage;
using AiInfra.MemoryService.Telemetry;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Indexing;

/// <summary>Brings every change to Chroma, one tenant after the other, and looks after the collections.</summary>
internal sealed partial class IndexWorker(
    TenantDatabases databases, OutboxSignal outbox, IndexStates states, ChromaClientSettings settings, IServiceProvider services, MemoryMetrics metrics,
    IOptions<IndexingOptions> options, TimeProvider time, ILogger<IndexWorker> logger) : BackgroundService
{
    private static readonly ActivitySource Source = new("AiInfra.MemoryService");

    private readonly Dictionary<string, CollectionKeeper> _keepers = new(StringComparer.Ordinal);

    /// <summary>The collection of a tenant: named by a hash, for a tenant's name may hold anything, and by the model, for vectors of two do not compare.</summary>
    public static string CollectionName(string tenant) =>
        $"memories-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tenant)))[..24]}-{ModelFiles.Name}";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.Endpoint is null)
        {
            WithoutChroma();
            return;
        }

        states.IsKept = true;
        await Task.Yield();
        var chroma = services.GetRequiredService<ChromaClient>();
        var due = new HashSet<string>(databases.Known(), StringComparer.Ordinal);
        IReadOnlyDictionary<string, ActivityContext> traces = new Dictionary<string, ActivityContext>();
        var lastCheck = time.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            var isCheckDue = time.GetElapsedTime(lastCheck) >= options.Value.CheckInterval;
            if (isCheckDue)
            {
                due.UnionWith(databases.Known());
                lastCheck = time.GetTimestamp();
            }

            var failed = new List<string>();
            foreach (var tenant in due)
            {
                // In the trace of the call that changed something: a memory is followed from its caller into Chroma.
                using var activity = traces.TryGetValue(tenant, out var trace) && trace != default
                    ? Source.StartActivity("index", ActivityKind.Internal, trace)
                    : null;
                if (!await Keeper(tenant, chroma).KeepAsync(isCheckDue, outbox, stoppingToken))
                {
                    failed.Add(tenant);
                }
            }

            due = [.. failed];
            if (due.Count > 0)
            {
                await Task.Delay(options.Value.RetryDelay, time, stoppingToken);
            }

            traces = await outbox.WaitAsync(due.Count > 0 ? TimeSpan.Zero : options.Value.CheckInterval, time, stoppingToken);
            due.UnionWith(traces.Keys);
        }
    }

    private CollectionKeeper Keeper(string tenant, ChromaClient chroma)
    {
        if (!_keepers.TryGetValue(tenant, out var keeper))
        {
            keeper = new CollectionKeeper(databases.Of(tenant), CollectionName(tenant), chroma, settings, options.Value, states, metrics, logger);
            _keepers[tenant] = keeper;
        }

        return keeper;
    }

    [LoggerMessage(LogLevel.Warning, "ConnectionStrings:chroma is not set: memories are stored and searched without Chroma.")]
    private partial void WithoutChroma();
}
