using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Telemetry;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Replicas;

/// <summary>
/// Looks at every replica in short intervals: which models it lists, what its metrics say, whether it moves while requests run on it,
/// and whether an ejected one is back.
/// </summary>
internal sealed partial class ReplicaProbe(
    ReplicaPools pools, UpstreamClient upstream, IOptions<ReplicaOptions> options, GatewayMetrics metrics, TimeProvider time,
    ILogger<ReplicaProbe> logger) : BackgroundService
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = new Dictionary<Replica, Task>();
        using var timer = new PeriodicTimer(options.Value.ProbeInterval, time);
        do
        {
            foreach (var pool in pools.All)
            {
                foreach (var replica in pool.Replicas)
                {
                    // A replica that answers slowly holds up its own probe only.
                    if (!running.TryGetValue(replica, out var probe) || probe.IsCompleted)
                    {
                        running[replica] = ProbeAsync(pool, replica, stoppingToken);
                    }
                }
            }

            if (running.Count > pools.All.Sum(pool => pool.Replicas.Count))
            {
                foreach (var gone in running.Keys.Except(pools.All.SelectMany(pool => pool.Replicas)).ToList())
                {
                    running.Remove(gone);
                }
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task ProbeAsync(ReplicaPool pool, Replica replica, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            await ReadModelsAsync(pool, replica, limit.Token);
            await ReadMetricsAsync(pool, replica, limit.Token);
            // One on trial proves itself here, not on somebody's request; idle pools would leave it on trial for ever.
            if (replica.NeedsProof || (replica.State == ReplicaState.Trial && replica.InFlight == 0))
            {
                await ProveAsync(pool, replica, limit.Token);
            }
        }
        catch (HttpRequestException problem) when (problem.InnerException is SocketException)
        {
            Report(pool, replica, ReplicaEvent.Unreachable);
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or JsonException or KeyNotFoundException or InvalidOperationException
            || (problem is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // A busy server may be slow to answer, and another kind of server answers differently: requests will tell.
        }

        if (replica.InFlight > 0 && replica.State != ReplicaState.Ejected && replica.SinceProgress > options.Value.StallTimeout
            && (replica.Load?.Progress is not null || !await ProvesAliveAsync(pool, replica, cancellationToken)))
        {
            Report(pool, replica, ReplicaEvent.Stalled);
        }
    }

    // A replica without counters may simply take long over an answer that comes in one piece.
    private async Task<bool> ProvesAliveAsync(ReplicaPool pool, Replica replica, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Value.StallTimeout);
        try
        {
            await ProveAsync(pool, replica, limit.Token);
            replica.NoteProgress();
            return true;
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException || (problem is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private async Task ReadModelsAsync(ReplicaPool pool, Replica replica, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(pool, new HttpRequestMessage(HttpMethod.Get, replica.UrlOf("/v1/models")), cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return;
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var document = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
        var cards = document.RootElement.GetProperty("data").EnumerateArray().ToList();
        if (cards.Count != replica.Cards.Count || cards.Any(card => !replica.Cards.ContainsKey(card.GetProperty("id").GetString()!)))
        {
            replica.SetCards(cards.ToDictionary(card => card.GetProperty("id").GetString()!, card => card.Clone()));
            pool.NoteCards();
        }

        Report(pool, replica, ReplicaEvent.ProbeAnswered);
    }

    private async Task ReadMetricsAsync(ReplicaPool pool, Replica replica, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(pool, new HttpRequestMessage(HttpMethod.Get, replica.UrlOf("/metrics")), cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            replica.SetLoad(EngineMetricsText.Read(await response.Content.ReadAsByteArrayAsync(cancellationToken)));
        }
    }

    // The smallest completion there is. A server of another kind (embeddings) has no such route and embeds instead.
    private async Task ProveAsync(ReplicaPool pool, Replica replica, CancellationToken cancellationToken)
    {
        if (replica.Cards.Keys.FirstOrDefault() is not { } model)
        {
            return;
        }

        var name = JsonEncodedText.Encode(model);
        foreach (var (path, body) in new[]
        {
            ("/v1/completions", $$"""{"model":"{{name}}","prompt":"1","max_tokens":1}"""),
            ("/v1/embeddings", $$"""{"model":"{{name}}","input":"1"}"""),
        })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, replica.UrlOf(path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            using var response = await SendAsync(pool, request, cancellationToken);
            await response.Content.CopyToAsync(Stream.Null, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                Report(pool, replica, ReplicaEvent.ProbeCompleted);
                return;
            }
        }
    }

    private async Task<HttpResponseMessage> SendAsync(ReplicaPool pool, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (pool.Authorization is { } authorization)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return await upstream.Probes.SendAsync(request, cancellationToken);
    }

    private void Report(ReplicaPool pool, Replica replica, ReplicaEvent happened)
    {
        if (replica.Report(happened))
        {
            StateChanged(logger, replica.Id, replica.State, happened);
            if (replica.State == ReplicaState.Ejected)
            {
                metrics.Ejected(pool, replica.Id, happened.ToString());
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Replica {Replica} is {State} after {Event}")]
    private static partial void StateChanged(ILogger logger, string replica, ReplicaState state, ReplicaEvent @event);
}
