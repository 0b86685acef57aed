using System.Net.Http.Headers;
using System.Text;

namespace AiInfra.Bench.Limits;

/// <summary>Clients that ask for answers of random length, every third call leaving at a random moment.</summary>
internal sealed class Clients(IReadOnlyList<Uri> gateways, int perGateway, int seed)
{
    private long _completed;
    private long _cancelled;
    private long _refused;
    private long _failed;

    public long Completed => _completed;

    public long Cancelled => _cancelled;

    public long Refused => _refused;

    public long Failed => _failed;

    public async Task RunAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        over.CancelAfter(duration);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = perGateway * 2 }) { Timeout = TimeSpan.FromMinutes(2) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Platform.Key);
        await Task.WhenAll(Enumerable.Range(0, perGateway * gateways.Count).Select(i => Task.Run(
            () => RepeatAsync(http, gateways[i % gateways.Count], new Random(seed + i), over.Token), CancellationToken.None)));
    }

    private async Task RepeatAsync(HttpClient http, Uri gateway, Random random, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var isStream = random.Next(3) > 0;
            var body = $$"""{"model":"bench","messages":[{"role":"user","content":"{{Words(random)}}"}],"max_tokens":{{random.Next(1, 64)}},"stream":{{(isStream ? "true" : "false")}}}""";
            using var leaving = new CancellationTokenSource();
            if (random.Next(3) == 0)
            {
                leaving.CancelAfter(random.Next(1, 800));
            }

            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, "/v1/chat/completions"))
                {
                    Content = new StringContent(body, Encoding.UTF8, "application/json"),
                };
                using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
                await response.Content.CopyToAsync(Stream.Null, leaving.Token);
                var counter = (int)response.StatusCode switch { 200 => 0, 429 => 1, _ => 2 };
                Interlocked.Increment(ref counter == 0 ? ref _completed : ref counter == 1 ? ref _refused : ref _failed);
                if (counter > 0)
                {
                    await Task.Delay(random.Next(20, 100), CancellationToken.None);
                }
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref _cancelled);
            }
            catch (Exception problem) when (problem is HttpRequestException or IOException)
            {
                Interlocked.Increment(ref _failed);
                await Task.Delay(100, CancellationToken.None);
            }
        }
    }

    private static string Words(Random random) => string.Join(' ', Enumerable.Range(0, random.Next(1, 40)).Select(_ => $"w{random.Next(10000)}"));
}
