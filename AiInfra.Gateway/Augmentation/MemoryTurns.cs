using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Memories;
using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Tokens;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Augmentation;

/// <summary>Asks the memory service on a chat's behalf. It is an aid: what it does not give in time, the chat does without.</summary>
internal sealed partial class MemoryTurns(
    MemoryLocator locator, UpstreamClient upstream, ServiceTokenIssuer tokens, IOptions<AugmentationOptions> options, TimeProvider time, ILogger<MemoryTurns> logger)
{
    private long _pausedUntil;

    /// <returns>Null when the service did not answer.</returns>
    public async ValueTask<ChatTurnResponse?> TakeAsync(Caller caller, string requestId, ChatTurnRequest turn, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            caller, requestId, "/v1/memories/turns", JsonContent.Create(turn, AugmentationJson.Default.ChatTurnRequest), cancellationToken);
        return response is null ? null : await ReadAsync(response, AugmentationJson.Default.ChatTurnResponse, cancellationToken);
    }

    public async ValueTask<bool> StoreAsync(Caller caller, string requestId, AnswerRequest answer, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            caller, requestId, "/v1/memories", JsonContent.Create(answer, AugmentationJson.Default.AnswerRequest), cancellationToken);
        return response is not null;
    }

    private async ValueTask<HttpResponseMessage?> SendAsync(Caller caller, string requestId, string path, HttpContent content, CancellationToken cancellationToken)
    {
        if (!locator.IsConfigured || time.GetTimestamp() < Interlocked.Read(ref _pausedUntil))
        {
            return null;
        }

        using var limit = new CancellationTokenSource(options.Value.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, await locator.FindAsync(either.Token) + path) { Content = content };
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {await tokens.TokenForAsync(caller, MemoryLocator.Audience)}");
            request.Headers.TryAddWithoutValidation("X-Request-Id", requestId);
            var response = await upstream.Invoker.SendAsync(request, either.Token);
            if (response.IsSuccessStatusCode)
            {
                await response.Content.LoadIntoBufferAsync(either.Token);
                return response;
            }

            MemoryRefused(logger, (int)response.StatusCode);
            response.Dispose();
        }
        catch (HttpRequestException problem)
        {
            MemoryAway(logger, problem.HttpRequestError);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // One chat has waited; those that follow shall not each wait as long.
            Interlocked.Exchange(ref _pausedUntil, time.GetTimestamp() + (long)(options.Value.PauseAfterTimeout.TotalSeconds * time.TimestampFrequency));
            MemorySilent(logger);
        }

        return null;
    }

    private async ValueTask<T?> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(type, cancellationToken);
        }
        catch (JsonException)
        {
            MemoryRefused(logger, (int)response.StatusCode);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The memory service cannot be reached ({Error}): a chat goes on without memories")]
    private static partial void MemoryAway(ILogger logger, HttpRequestError error);

    [LoggerMessage(LogLevel.Warning, "The memory service answered {Status}: a chat goes on without memories")]
    private static partial void MemoryRefused(ILogger logger, int status);

    [LoggerMessage(LogLevel.Warning, "The memory service did not answer in time: chats go on without memories for a while")]
    private static partial void MemorySilent(ILogger logger);
}
