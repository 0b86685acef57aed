using System.Runtime.CompilerServices;
using System.Text;
using AiInfra.Gateway.Augmentation;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Usage;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Forwarding;

/// <summary>Takes a request for a model: reads and checks it, finds its route, and has it answered along the route's fallbacks.</summary>
internal sealed class ModelForwarder : IDisposable
{
    private readonly ModelCatalog _catalog;
    private readonly ReplicaDispatcher _dispatcher;
    private readonly Calls _calls;
    private readonly PoisonList _poison;
    private readonly ResponseAffinity _affinity;
    private readonly MemoryOnChat _memory;
    private readonly ForwardingOptions _options;
    private readonly IDisposable _changes;
    private volatile MediaHosts _media;

    public ModelForwarder(
        ModelCatalog catalog,
        GatewayConfiguration configuration,
        ReplicaDispatcher dispatcher,
        Calls calls,
        PoisonList poison,
        ResponseAffinity affinity,
        MemoryOnChat memory,
        IOptions<ForwardingOptions> options)
    {
        (_catalog, _dispatcher, _calls, _poison, _affinity, _memory, _options) = (catalog, dispatcher, calls, poison, affinity, memory, options.Value);
        _media = new MediaHosts(configuration.Current.MediaHosts);
        _changes = configuration.OnChange(changed => _media = new MediaHosts(changed.MediaHosts));
    }

    public IEnumerable<ApiEndpoint> Endpoints => ModelEndpoint.All.Select(endpoint => new ApiEndpoint(
        endpoint.Path, [HttpMethods.Post], endpoint.Dialect, (context, _, caller) => HandleAsync(context, endpoint, caller)));

    public void Dispose() => _changes.Dispose();

    private async Task HandleAsync(HttpContext context, ModelEndpoint endpoint, Caller caller)
    {
        using var body = await RequestBody.ReadAsync(context.Request, _options.MaxRequestBodyBytes, context.RequestAborted);
        var error = PreparedRequest.TryPrepare(endpoint, caller, body, context.Request, _media, out var request)
            ?? Check(request!, out var route)
            ?? (request!.Endpoint.KeepsAnswers && request.Peek.PreviousResponseId.IsThere
                ? await ContinueAsync(context, request, route!)
                : await _memory.AnswerAsync(context, request, _media, prepared => PayAndAnswerAsync(context, prepared, route!, keeper: null)));
        if (error is not null)
        {
            await context.WriteErrorAsync(endpoint.Dialect, error);
        }
    }

    // A conversation goes on where its state is kept.
    private async ValueTask<ApiError?> ContinueAsync(HttpContext context, PreparedRequest request, ModelRoute route)
    {
        var previous = Encoding.UTF8.GetString(request.Peek.PreviousResponseId.Of(request.Bytes.Span));
        var keeper = await _affinity.FindAsync(previous, request.Caller, context.RequestAborted);
        return keeper is null
            ? ApiError.UnknownResponse(previous)
            : await _memory.AnswerAsync(context, request, _media, prepared => PayAndAnswerAsync(context, prepared, route, keeper));
    }

    private ApiError? Check(PreparedRequest request, out ModelRoute? route)
    {
        var model = request.Model;
        route = model.IsEmpty ? _catalog.Only : _catalog.Find(model);
        if (route is null)
        {
            return model.IsEmpty
                ? ApiError.InvalidRequest("The field 'model' is required.", "model")
                : ApiError.UnknownModel(Encoding.UTF8.GetString(model[..Math.Min(model.Length, 256)]));
        }

        if (OverBounds(request) is { } tooMuch)
        {
            return tooMuch;
        }

        return _poison.Holds(request.Bytes.Span) ? ApiError.Poison : null;
    }

    // Small requests that cost an engine much, some of them its life.
    private ApiError? OverBounds(PreparedRequest request)
    {
        var peek = request.Peek;
        return !request.Endpoint.Generates ? null
            : peek.Cost.Answers > _options.MaxAnswers ? ApiError.InvalidRequest($"At most {_options.MaxAnswers} answers can be asked for in one request.", "n")
            : peek.GrammarBytes > _options.MaxGrammarBytes ? ApiError.InvalidRequest($"The schema or grammar is larger than {_options.MaxGrammarBytes} bytes.", "response_format")
            : peek.StopBytes > _options.MaxStopBytes ? ApiError.InvalidRequest($"The stop strings are longer than {_options.MaxStopBytes} bytes.", "stop")
            : null;
    }

    // Pooled, as in the dispatcher: every request waits in all of these for its replica.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ApiError?> PayAndAnswerAsync(HttpContext context, PreparedRequest request, ModelRoute route, string? keeper)
    {
        var (call, error) = await _calls.BeginAsync(context, request, route);
        if (call is null)
        {
            return error;
        }

        request.Call = call;
        var isAnswered = false;
        try
        {
            isAnswered = await TryAnswerAsync(context, request, route, keeper);
            return null;
        }
        finally
        {
            call.Settle(isAnswered, context.RequestAborted.IsCancellationRequested);
        }
    }

    /// <returns>False when the caller was told that nobody answered.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> TryAnswerAsync(HttpContext context, PreparedRequest request, ModelRoute route, string? keeper)
    {
        var refusal = await _dispatcher.DispatchAsync(context, request, route, keeper);
        for (var i = 0; i < route.Fallbacks.Count && refusal is not null && MayFallBack(refusal); i++)
        {
            if (_catalog.Find(route.Fallbacks[i]) is { } fallback)
            {
                refusal = await _dispatcher.DispatchAsync(context, request, fallback, keeper: null);
            }
        }

        if (refusal is null)
        {
            return true;
        }

        // The forwarder copied the replica's status line.
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = null;
        await context.WriteErrorAsync(request.Endpoint.Dialect, refusal.Error, refusal.Body);
        return false;
    }

    private static bool MayFallBack(UpstreamRefusal refusal) => refusal.Outcome is not (AttemptOutcome.Refused or AttemptOutcome.Answered);
}
