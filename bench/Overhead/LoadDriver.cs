using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace AiInfra.Bench.Overhead;

/// <summary>Sends chat requests, every prompt a new one, and measures what comes back.</summary>
internal sealed class LoadDriver : IDisposable
{
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, MaxConnectionsPerServer = 4096, ActivityHeadersPropagator = null });
    private long _number;

    public void Dispose() => _client.Dispose();

    /// <summary>One client after another request: seconds of each.</summary>
    public async Task<double[]> LatenciesAsync(OverheadTarget target, int bodyBytes, int count, CancellationToken cancellationToken)
    {
        var url = UrlOf(target);
        var body = NewBody(bodyBytes, stream: false);
        var seconds = new double[count];
        for (var i = 0; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await SendAsync(target, url, Renumber(body), cancellationToken);
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return seconds;
    }

    /// <summary>Many clients for a while: requests per second.</summary>
    public async Task<(double PerSecond, int Requests)> ThroughputAsync(OverheadTarget target, int clients, int bodyBytes, TimeSpan span, CancellationToken cancellationToken)
    {
        var url = UrlOf(target);
        var start = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            var body = NewBody(bodyBytes, stream: false);
            var done = 0;
            while (Stopwatch.GetElapsedTime(start) < span)
            {
                await SendAsync(target, url, Renumber(body), cancellationToken);
                done++;
            }

            return done;
        }));
        return (counts.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds, counts.Sum());
    }

    /// <summary>So many requests of many clients, as fast as they go.</summary>
    public async Task RequestsAsync(OverheadTarget target, int clients, int bodyBytes, int count, CancellationToken cancellationToken)
    {
        var (url, left) = (UrlOf(target), count);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            var body = NewBody(bodyBytes, stream: false);
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await SendAsync(target, url, Renumber(body), cancellationToken);
            }
        }));
    }

    /// <summary>Requests at fixed times, whether those before are answered or not: seconds from each one's time to its answer; NaN is an error.</summary>
    public async Task<double[]> OpenLoopAsync(OverheadTarget target, int bodyBytes, double perSecond, TimeSpan span, CancellationToken cancellationToken)
    {
        var url = UrlOf(target);
        var template = NewBody(bodyBytes, stream: false);
        var count = (int)(perSecond * span.TotalSeconds);
        var (seconds, running) = (new double[count], new List<Task>(count));
        var start = Stopwatch.GetTimestamp();
        for (var sent = 0; sent < count;)
        {
            var due = Math.Min(count, (int)(Stopwatch.GetElapsedTime(start).TotalSeconds * perSecond));
            for (; sent < due; sent++)
            {
                running.Add(MeasureAsync(sent));
            }

            await Task.Delay(1, cancellationToken);
        }

        await Task.WhenAll(running);
        return seconds;

        async Task MeasureAsync(int index)
        {
            try
            {
                await SendAsync(target, url, Renumber((byte[])template.Clone()), cancellationToken);
                seconds[index] = Stopwatch.GetElapsedTime(start).TotalSeconds - (index / perSecond);
            }
            catch (HttpRequestException)
            {
                seconds[index] = double.NaN;
            }
        }
    }

    /// <summary>Streams at the same time: seconds to the first frame and between frames (medians), and the frames of each, [DONE] included.</summary>
    public async Task<(double FirstFrame, double Gap, IReadOnlyList<int> Frames)> StreamsAsync(OverheadTarget target, int streams, CancellationToken cancellationToken)
    {
        var url = UrlOf(target);
        var results = await Task.WhenAll(Enumerable.Range(0, streams).Select(_ => StreamAsync(target, url, cancellationToken)));
        var first = results.Select(result => result.First).Order().ToArray();
        var gaps = results.Select(result => (result.Last - result.First) / Math.Max(1, result.Frames - 2)).Order().ToArray();
        return (first[first.Length / 2], gaps[gaps.Length / 2], [.. results.Select(result => result.Frames)]);
    }

    private static Uri UrlOf(OverheadTarget target) => new($"http://127.0.0.1:{target.Port}/v1/chat/completions");

    private static byte[] NewBody(int bytes, bool stream)
    {
        var start = $$"""{"stream":{{(stream ? "true" : "false")}},"model":"tiny","messages":[{"role":"user","content":"0000000000000000 """;
        const string End = "\"}],\"max_tokens\":16}";
        var filling = new StringBuilder();
        while (start.Length + filling.Length + End.Length < bytes)
        {
            filling.Append(CultureInfo.InvariantCulture, $"word{filling.Length} ");
        }

        return Encoding.ASCII.GetBytes(start + filling + End);
    }

    // A prompt's number stands at its beginning, so no two share a prefix.
    private byte[] Renumber(byte[] body)
    {
        var number = Interlocked.Increment(ref _number).ToString("x16", CultureInfo.InvariantCulture);
        var at = body.AsSpan(0, 200 < body.Length ? 200 : body.Length).IndexOf("content\":\""u8) + 10;
        Encoding.ASCII.GetBytes(number, body.AsSpan(at));
        return body;
    }

    private static HttpRequestMessage NewRequest(OverheadTarget target, Uri url, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {OverheadTarget.Key}");
        foreach (var (name, value) in target.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private async Task SendAsync(OverheadTarget target, Uri url, byte[] body, CancellationToken cancellationToken)
    {
        using var request = NewRequest(target, url, body);
        using var response = await _client.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new HttpRequestException($"{url} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }

        await response.Content.CopyToAsync(Stream.Null, cancellationToken);
    }

    private async Task<(double First, double Last, int Frames)> StreamAsync(OverheadTarget target, Uri url, CancellationToken cancellationToken)
    {
        using var request = NewRequest(target, url, Renumber(NewBody(1500, stream: true)));
        var start = Stopwatch.GetTimestamp();
        using var response = await _client.SendAsync(request, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[16 << 10];
        var (first, frames, last) = (0.0, 0, (byte)0);
        int read;
        while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            first = first == 0 ? Stopwatch.GetElapsedTime(start).TotalSeconds : first;
            foreach (var value in buffer.AsSpan(0, read))
            {
                frames += value == (byte)'\n' && last == (byte)'\n' ? 1 : 0;
                last = value;
            }
        }

        return (first, Stopwatch.GetElapsedTime(start).TotalSeconds, frames);
    }
}
