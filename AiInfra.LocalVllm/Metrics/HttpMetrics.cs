using System.Collections.Concurrent;

namespace AiInfra.LocalVllm.Metrics;

/// <summary>Counts HTTP requests per route, as vLLM's instrumentation does. Routes of probes and scrapes are left out.</summary>
internal sealed class HttpMetrics
{
    private static readonly HashSet<string> Excluded = ["/metrics", "/health", "/load", "/ping", "/version", "/server_info"];
    private readonly ConcurrentDictionary<(string Handler, string Method, string Status), Count> _requests = new();
    private readonly ConcurrentDictionary<string, Size> _sizes = new();
    private readonly ConcurrentDictionary<(string Handler, string Method), Histogram> _durations = new();
    private readonly Histogram _fine = new(Buckets.HttpSecondsFine);

    /// <param name="handler">The route's pattern, or <c>none</c> for unknown paths.</param>
    /// <param name="context">After its reply was written.</param>
    /// <param name="seconds">From first byte to last.</param>
    public void Record(string handler, HttpContext context, double seconds)
    {
        if (Excluded.Contains(handler))
        {
            return;
        }

        handler = handler.Replace("{}", "{response_id}", StringComparison.Ordinal);
        var status = $"{context.Response.StatusCode / 100}xx";
        Interlocked.Increment(ref _requests.GetOrAdd((handler, context.Request.Method, status), _ => new Count()).Value);
        var size = _sizes.GetOrAdd(handler, _ => new Size());
        size.Add(context.Request.ContentLength ?? 0, context.Response.ContentLength ?? 0);
        _durations.GetOrAdd((handler, context.Request.Method), _ => new Histogram(Buckets.HttpSeconds)).Observe(seconds);
        _fine.Observe(seconds);
    }

    public void Write(Exposition page)
    {
        var requests = _requests.ToArray();
        var sizes = _sizes.ToArray();
        page.Counter("http_requests", "HTTP requests by handler, method and status.", [.. requests.Select(entry =>
            ($"handler=\"{entry.Key.Handler}\",method=\"{entry.Key.Method}\",status=\"{entry.Key.Status}\"", (double)entry.Value.Value))]);
        page.Summary("http_request_size_bytes", "Content-Length of requests.", [.. sizes.Select(entry =>
            ($"handler=\"{entry.Key}\"", entry.Value.Requests, (double)entry.Value.RequestBytes))]);
        page.Summary("http_response_size_bytes", "Content-Length of replies.", [.. sizes.Select(entry =>
            ($"handler=\"{entry.Key}\"", entry.Value.Requests, (double)entry.Value.ResponseBytes))]);
        page.Histogram("http_request_duration_highr_seconds", "Duration of requests, many buckets, no labels.", ("", _fine));
        page.Histogram("http_request_duration_seconds", "Duration of requests by handler.", [.. _durations.Select(entry =>
            ($"handler=\"{entry.Key.Handler}\",method=\"{entry.Key.Method}\"", entry.Value))]);
    }

    private sealed class Count
    {
        public long Value;
    }

    private sealed class Size
    {
        private long _requests;
        private long _requestBytes;
        private long _responseBytes;

        public long Requests => Interlocked.Read(ref _requests);

        public long RequestBytes => Interlocked.Read(ref _requestBytes);

        public long ResponseBytes => Interlocked.Read(ref _responseBytes);

        public void Add(long requestBytes, long responseBytes)
        {
            Interlocked.Increment(ref _requests);
            Interlocked.Add(ref _requestBytes, requestBytes);
            Interlocked.Add(ref _responseBytes, responseBytes);
        }
    }
}
