using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Metrics;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Generation;

/// <summary>vLLM's optional bounds on the queue: beyond them a request is refused with 503, without <c>Retry-After</c>.</summary>
internal sealed class Admission(IInferenceEngine engine, ServeSettings settings, ServingMetrics metrics)
{
    private readonly Lock _gate = new();
    private int _requests;
    private int _promptTokens;

    /// <summary>Lets a request in until the result is disposed.</summary>
    /// <exception cref="ApiError">400: the engine cannot serve it; 503: the queue is full.</exception>
    public Ticket Enter(TextRequest request)
    {
        try
        {
            // Here, because every dialect comes by before its stream begins.
            engine.Check(request.Sampling);
        }
        catch (EngineRequestException problem)
        {
            throw ApiError.BadRequest(problem.Message, null);
        }

        var tokens = request.PromptTokens;
        lock (_gate)
        {
            if (_requests >= settings.MaxQueuedRequests)
            {
                metrics.Rejected("max_num_queued_reqs");
                throw new ApiError(503, "Service Unavailable", "The engine is currently busy and cannot accept new requests. Please try again later or on a different instance.", null);
            }

            if (_promptTokens > 0 && _promptTokens + tokens > settings.MaxQueuedTokens)
            {
                metrics.Rejected("max_num_queued_tokens");
                throw new ApiError(503, "Service Unavailable", "The engine has reached its prefill token backlog limit. Please try again later or on a different instance.", null);
            }

            _requests++;
            _promptTokens += tokens;
            return new Ticket(this, tokens);
        }
    }

    private void Leave(int requests, int tokens)
    {
        lock (_gate)
        {
            _requests -= requests;
            _promptTokens -= tokens;
        }
    }

    internal sealed class Ticket(Admission admission, int tokens) : IDisposable
    {
        private int _tokens = tokens;
        private bool _left;

        /// <summary>The prompt has been computed: its tokens are no backlog any more.</summary>
        public void Prefilled() => admission.Leave(0, Interlocked.Exchange(ref _tokens, 0));

        public void Dispose()
        {
            if (!_left)
            {
                _left = true;
                admission.Leave(1, Interlocked.Exchange(ref _tokens, 0));
            }
        }
    }
}
