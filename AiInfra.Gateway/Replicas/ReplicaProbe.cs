using System.Text.Json;
using AiInfra.Gateway.Forwarding;

namespace AiInfra.Gateway.Replicas;

/// <summary>Asks each replica which models it serves.</summary>
internal sealed class ReplicaProbe(ReplicaPools pools, UpstreamClient upstream, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            await Task.WhenAll(pools.All.SelectMany(pool => pool.Replicas.Select(replica => ProbeAsync(pool, replica, stoppingToken))));
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task ProbeAsync(ReplicaPool pool, Replica replica, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, replica.UrlOf("/v1/models"));
            if (pool.Authorization is { } authorization)
            {
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            }

            using var response = await upstream.Invoker.SendAsync(request, limit.Token);
            if (response.IsSuccessStatusCode)
            {
                await using var body = await response.Content.ReadAsStreamAsync(limit.Token);
                using var document = await JsonDocument.ParseAsync(body, cancellationToken: limit.Token);
                replica.SetCards(document.RootElement.GetProperty("data").EnumerateArray()
                    .ToDictionary(card => card.GetProperty("id").GetString()!, card => card.Clone()));
            }
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or JsonException or KeyNotFoundException or InvalidOperationException
            || (problem is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Not up yet, or not a model server: requests will tell.
        }
    }
}
