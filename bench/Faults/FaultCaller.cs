using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using AiInfra.Bench.Overhead;

namespace AiInfra.Bench.Faults;

/// <summary>Calls the gateway and says what the caller got.</summary>
internal sealed class FaultCaller : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 4096 }) { Timeout = Timeout.InfiniteTimeSpan };
    private int _number;

    public void Dispose() => _client.Dispose();

    public async Task<FaultAnswer> SendAsync(int port, bool stream, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        using var request = NewRequest(port, stream);
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var text = await response.Content.ReadAsStringAsync(limit.Token);
            var outcome = response.StatusCode != HttpStatusCode.OK ? FaultOutcome.Refused : stream ? OfStream(text) : OfPlain(text);
            return new FaultAnswer(outcome, (int)response.StatusCode, response.Headers.RetryAfter is not null, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new FaultAnswer(FaultOutcome.Hung, 0, false, Limit.TotalSeconds);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            return new FaultAnswer(FaultOutcome.Wrong, 0, false, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
    }

    private static FaultOutcome OfStream(string text)
    {
        var isDone = text.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal);
        var hasError = text.Contains("data: {\"error\":", StringComparison.Ordinal);
        return (isDone, hasError) switch
        {
            (true, false) => FaultOutcome.Complete,
            (false, true) => FaultOutcome.ToldLate,
            _ => FaultOutcome.Wrong,
        };
    }

    private static FaultOutcome OfPlain(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.GetProperty("choices")[0].GetProperty("finish_reason").GetString() == "abort" ? FaultOutcome.Wrong : FaultOutcome.Complete;
        }
        catch (Exception broken) when (broken is JsonException or KeyNotFoundException)
        {
            return FaultOutcome.Wrong;
        }
    }

    private HttpRequestMessage NewRequest(int port, bool stream)
    {
        var body = string.Create(CultureInfo.InvariantCulture,
            $$"""{"model":"tiny","messages":[{"role":"user","content":"Dog {{Interlocked.Increment(ref _number)}} is called Biscuit and lives in a small house by the lake with two cats. What is the dog called?"}],"max_tokens":24,"stream":{{(stream ? "true" : "false")}}}""");
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {OverheadTarget.Key}");
        return request;
    }
}

/// <summary>What a caller got.</summary>
internal enum FaultOutcome
{
    /// <summary>The whole answer.</summary>
    Complete,

    /// <summary>A stream that began and ended in an error event.</summary>
    ToldLate,

    /// <summary>An error status.</summary>
    Refused,

    /// <summary>Half an answer that looks whole, or a broken connection.</summary>
    Wrong,

    /// <summary>Nothing for half a minute.</summary>
    Hung,
}

internal sealed record FaultAnswer(FaultOutcome Outcome, int Status, bool HasRetryAfter, double Seconds);
