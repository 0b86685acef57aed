using System.Net.Http.Headers;
using System.Text.Json;
using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Replicas;

namespace AiInfra.Gateway.Usage;

/// <summary>
/// Has a replica count a prompt with the engine's own tokenizer and chat template, so that the count is what the engine will charge,
/// whatever the model. A round trip and some work: for requests that would be refused by their bytes alone.
/// </summary>
internal sealed class PromptCounter(UpstreamClient upstream) : IDisposable
{
    // Whoever is over its limit must not keep replicas busy: more than these are not counted.
    private const int MostAtOnce = 8;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _places = new(MostAtOnce);

    /// <returns>The prompt's tokens; null where they cannot be counted, or not now.</returns>
    public async ValueTask<long?> CountAsync(PreparedRequest request, ModelRoute route, CancellationToken cancellationToken)
    {
        // Of media an engine counts the place that they take before they are looked at.
        if (PathOf(request.Endpoint) is not { } path || request.Peek.Cost.Media > 0 || ReplicaOf(route) is not { } replica || !_places.Wait(0, CancellationToken.None))
        {
            return null;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            return await AskAsync(request, route, replica.UrlOf(path), limit.Token);
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or JsonException
            || (problem is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose() => _places.Dispose();

    private static string? PathOf(ModelEndpoint endpoint) => endpoint.Path switch
    {
        "/v1/chat/completions" or "/v1/completions" => "/tokenize",
        "/v1/messages" => "/v1/messages/count_tokens",
        _ => null,
    };

    private static Replica? ReplicaOf(ModelRoute route)
    {
        Replica? idlest = null;
        foreach (var replica in route.Pool.Replicas)
        {
            if (replica is { IsDraining: false, State: ReplicaState.Serving } && replica.Cards.ContainsKey(route.ServedName) && !(idlest?.InFlight <= replica.InFlight))
            {
                idlest = replica;
            }
        }

        return idlest;
    }

    // The caller's own body: the engine passes over the fields that do not concern it here.
    private async Task<long?> AskAsync(PreparedRequest request, ModelRoute route, Uri address, CancellationToken cancellationToken)
    {
        using var body = new AttemptBody(request.BodyFor(route));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var message = new HttpRequestMessage(HttpMethod.Post, address) { Content = body };
        if (route.Pool.Authorization is { } authorization)
        {
            message.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        try
        {
            using var response = await upstream.Probes.SendAsync(message, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                return null;
            }

            await using var answer = await response.Content.ReadAsStreamAsync(cancellationToken);
            using var document = await JsonDocument.ParseAsync(answer, cancellationToken: cancellationToken);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                && (root.TryGetProperty("count", out var count) || root.TryGetProperty("input_tokens", out count))
                && count.ValueKind == JsonValueKind.Number && count.TryGetInt64(out var tokens) && tokens > 0
                    ? tokens
                    : null;
        }
        finally
        {
            // The buffer belongs to the call that follows.
            await body.SentAsync();
        }
    }
}
