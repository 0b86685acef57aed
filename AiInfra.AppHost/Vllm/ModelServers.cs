using System.Net.Http.Headers;
using System.Text.Json;

namespace AiInfra.AppHost.Vllm;

/// <summary>Asks OpenAI-compatible servers which models they serve.</summary>
internal static class ModelServers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // A short list; a server of another kind may send anything.
    private static readonly HttpClient Client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, ConnectTimeout = Patience })
    {
        MaxResponseContentBufferSize = 1 << 20,
        Timeout = Patience,
    };

    /// <returns>Names as in <c>/v1/models</c>; empty where nothing answers with such a list within a second.</returns>
    public static IReadOnlyList<string> ReadModels(Uri server, string? key)
    {
        try
        {
            using var request = Request(server, key);
            using var response = Client.Send(request, HttpCompletionOption.ResponseContentRead, CancellationToken.None);
            using var content = response.Content.ReadAsStream(CancellationToken.None);
            return response.IsSuccessStatusCode ? Names(content) : [];
        }
        catch (Exception problem) when (IsNoAnswer(problem))
        {
            return [];
        }
    }

    /// <summary>The same for every one of these ports on loopback, all at once.</summary>
    /// <returns>The servers that answered, in the order of their ports.</returns>
    public static async Task<IReadOnlyList<(Uri Server, IReadOnlyList<string> Models)>> FindOnLoopbackAsync(IEnumerable<int> ports, CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(ports.Select(async port =>
        {
            var server = new Uri($"http://127.0.0.1:{port}");
            try
            {
                using var request = Request(server, key: null);
                using var response = await Client.SendAsync(request, cancellationToken);
                await using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
                return (Server: server, Models: response.IsSuccessStatusCode ? Names(content) : []);
            }
            catch (Exception problem) when (IsNoAnswer(problem))
            {
                return (server, []);
            }
        }));
        return [.. answers.Where(answer => answer.Models.Count > 0)];
    }

    private static HttpRequestMessage Request(Uri server, string? key)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server, "/v1/models"));
        request.Headers.Authorization = string.IsNullOrEmpty(key) ? null : new AuthenticationHeaderValue("Bearer", key);
        return request;
    }

    private static IReadOnlyList<string> Names(Stream content)
    {
        using var document = JsonDocument.Parse(content);
        return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Array
            ? [.. data.EnumerateArray().Select(Name).OfType<string>()]
            : [];
    }

    private static string? Name(JsonElement model) =>
        model.ValueKind == JsonValueKind.Object && model.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;

    private static bool IsNoAnswer(Exception problem) => problem is HttpRequestException or IOException or JsonException or OperationCanceledException;
}
