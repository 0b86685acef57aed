using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace AiInfra.ServiceDefaults.ServiceTokens;

/// <summary>Tokens of the gateway's token endpoint: by client credentials for the service itself, by exchange (RFC 8693) on a caller's behalf.</summary>
internal sealed class PlatformTokenSource(IHttpClientFactory clients, IOptions<ServiceTokenOptions> options, TimeProvider time) : IServiceTokenSource
{
    /// <summary>The HTTP client of the token endpoint.</summary>
    public const string Client = "service-tokens";

    private const int MaxKept = 4096;

    private readonly ConcurrentDictionary<(string Audience, string? Subject), Slot> _slots = new();

    public async ValueTask<string> GetAsync(string audience, string? subjectToken, CancellationToken cancellationToken)
    {
        if (_slots.Count >= MaxKept)
        {
            _slots.Clear();
        }

        var slot = _slots.GetOrAdd((audience, subjectToken), static _ => new Slot());
        if (slot.Token is { } kept && kept.RenewAt > time.GetUtcNow())
        {
            return kept.Text;
        }

        // One asks, the others wait for its answer.
        await slot.Turn.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            if (slot.Token is { } renewed && renewed.RenewAt > now)
            {
                return renewed.Text;
            }

            try
            {
                slot.Token = await AskAsync(audience, subjectToken, now, cancellationToken);
            }
            catch (HttpRequestException) when (slot.Token is { } old && old.EndsAt > now)
            {
                // The token service is away for a moment; the token at hand is good for a while yet.
            }

            return slot.Token!.Text;
        }
        finally
        {
            slot.Turn.Release();
        }
    }

    private async Task<Token> AskAsync(string audience, string? subjectToken, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var form = subjectToken is null
            ? new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["resource"] = $"http://{audience}" }
            : new Dictionary<string, string>
            {
                ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
                ["audience"] = audience,
                ["subject_token"] = subjectToken,
                ["subject_token_type"] = "urn:ietf:params:oauth:token-type:access_token",
            };

        using var request = new HttpRequestMessage(HttpMethod.Post, "/connect/token") { Content = new FormUrlEncodedContent(form) };
        var identity = $"{Uri.EscapeDataString(options.Value.ClientId ?? "")}:{Uri.EscapeDataString(options.Value.ClientSecret ?? "")}";
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(identity)));
        using var response = await clients.CreateClient(Client).SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"The token service refused a token for '{audience}': {ErrorOf(text)}.", null, response.StatusCode);
        }

        using var answer = JsonDocument.Parse(text);
        var life = TimeSpan.FromSeconds(answer.RootElement.GetProperty("expires_in").GetInt32());
        return new Token(answer.RootElement.GetProperty("access_token").GetString()!, now + (life * 0.75), now + life);
    }

    // {"error":"invalid_target","error_description":"…"}
    private static string ErrorOf(string text)
    {
        try
        {
            using var error = JsonDocument.Parse(text);
            return error.RootElement.GetProperty("error").GetString() ?? "no reason given";
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return "no reason given";
        }
    }

    private sealed class Slot
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public volatile Token? Token;
    }

    private sealed record Token(string Text, DateTimeOffset RenewAt, DateTimeOffset EndsAt);
}
