namespace AiInfra.LocalVllm.Http;

/// <summary>Counts requests inside the endpoints that vLLM counts, for <c>/load</c>.</summary>
internal sealed class ServerLoad
{
    private int _requests;

    public int Requests => Volatile.Read(ref _requests);

    public static bool Counts(string route) =>
        route is "/v1/chat/completions" or "/v1/completions" or "/v1/responses" or "/v1/messages" or "/v1/embeddings" or "/pooling"
            or "/score" or "/v1/score" or "/rerank" or "/v1/rerank" or "/v2/rerank" or "/invocations";

    /// <summary>Counts a request until the result is disposed; routes that vLLM does not count are not counted.</summary>
    public Visit Enter(string route)
    {
        var counts = Counts(route);
        if (counts)
        {
            Interlocked.Increment(ref _requests);
        }

        return new Visit(counts ? this : null);
    }

    internal readonly struct Visit(ServerLoad? load) : IDisposable
    {
        public void Dispose()
        {
            if (load is not null)
            {
                Interlocked.Decrement(ref load._requests);
            }
        }
    }
}
