using System.Net;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Usage;
using Yarp.ReverseProxy.Forwarder;

namespace AiInfra.Gateway.Forwarding;

/// <summary>One attempt of a request on a replica: what goes there, and what of the answer goes out.</summary>
/// <remarks>
/// Headers are listed, not copied: a caller's headers are for the gateway (keys, cookies, engine-internal switches), a replica's
/// headers are about the replica.
/// </remarks>
#pragma warning disable CA1001 // The stream belongs to the reply, whose content disposes it.
internal sealed class Exchange(
    ModelEndpoint endpoint,
    ModelRoute route,
    Replica replica,
    ReplyWatch watch,
    Call call,
    ForwardingOptions options,
    TimeProvider time,
    CancellationToken stopping)
    : HttpTransformer
{
    private EventStreamReply? _stream;
    private bool _isAborted;

    public AttemptOutcome Outcome { get; private set; } = AttemptOutcome.NoReply;

    /// <summary>What the caller is told if no further replica is asked.</summary>
    public UpstreamRefusal Refusal { get; private set; } = UpstreamRefusal.NoReplica;

    /// <summary>Called once when the first content of the answer is there.</summary>
    public Action? FirstToken { get; init; }

    /// <summary>True when an answer that had begun broke off later.</summary>
    public bool BrokeLater => _stream?.Failure is not null;

    /// <summary>True when it may have broken off because the engine died: an engine that says that it aborts is alive.</summary>
    public bool DiedLater => _stream is { Failure: not null, IsAborted: false };

    /// <summary>True when another replica may answer in the place of this one.</summary>
    public bool MayRetry => Outcome is not (AttemptOutcome.Answered or AttemptOutcome.Refused);

    /// <summary>True when the engine may have died of this request, or of one beside it.</summary>
    public bool IsSuspect => Outcome is AttemptOutcome.NoReply or AttemptOutcome.ServerError || (Outcome == AttemptOutcome.BrokenBeforeFirstByte && !_isAborted && _stream is not { IsAborted: true });

    /// <summary>Notes what the forwarder says when no reply came.</summary>
    public void Conclude(ForwarderError error, Exception? problem)
    {
        if (Outcome is not (AttemptOutcome.NoReply or AttemptOutcome.BrokenBeforeFirstByte))
        {
            return;
        }

        if (replica.State == ReplicaState.Ejected && error == ForwarderError.RequestCanceled)
        {
            (Outcome, Refusal) = (AttemptOutcome.TimedOut, UpstreamRefusal.Timeout);
        }
        else if (error == ForwarderError.RequestTimedOut)
        {
            (Outcome, Refusal) = (AttemptOutcome.TimedOut, UpstreamRefusal.Timeout);
        }
        else if (problem is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError })
        {
            Outcome = AttemptOutcome.Unreachable;
        }
        else
        {
            Refusal = UpstreamRefusal.Broken;
        }
    }

    public override ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        proxyRequest.RequestUri = replica.UrlOf(endpoint.Path);
        call.IsUnderWay = true;
        var caller = httpContext.Request.Headers;
        var headers = proxyRequest.Headers;
        if (route.Pool.Authorization is { } authorization)
        {
            headers.TryAddWithoutValidation("Authorization", authorization);
        }

        headers.TryAddWithoutValidation("X-Request-Id", (string?)httpContext.Response.Headers["x-request-id"]);
        Copy("Accept");
        if (endpoint.Generates && !call.Peek.IsStream)
        {
            headers.TryAddWithoutValidation(LoadHeader.RequestName, LoadHeader.Format);
        }

        if (endpoint.Dialect == Dialect.Anthropic)
        {
            Copy("anthropic-version");
            Copy("anthropic-beta");
        }

        return ValueTask.CompletedTask;

        void Copy(string name)
        {
            if (caller.TryGetValue(name, out var value))
            {
                headers.TryAddWithoutValidation(name, (string?)value);
            }
        }
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null)
        {
            return true;
        }

        if (proxyResponse.StatusCode != HttpStatusCode.OK)
        {
            Refusal = await UpstreamRefusal.ReadAsync(proxyResponse, endpoint.Dialect, cancellationToken);
            Outcome = Refusal.Outcome;
            return false;
        }

        if (proxyResponse.Headers.NonValidated.TryGetValues(LoadHeader.Name, out var told))
        {
            var (waiting, cacheUsage) = LoadHeader.Read(told.ToString());
            replica.NoteLoad(waiting, cacheUsage);
        }

        // Until the answer proves to have begun: whatever is thrown in between is a reply that broke.
        (Outcome, Refusal) = (AttemptOutcome.BrokenBeforeFirstByte, UpstreamRefusal.Broken);
        var content = proxyResponse.Content;
        var isStream = content.Headers.ContentType?.MediaType == "text/event-stream";
        if (!await TryBeginAsync(proxyResponse, isStream, cancellationToken))
        {
            return false;
        }

        Outcome = AttemptOutcome.Answered;
        FirstToken?.Invoke();
        var response = httpContext.Response;
        if (content.Headers.NonValidated.TryGetValues("Content-Type", out var type))
        {
            response.ContentType = type.ToString();
        }

        if (!isStream)
        {
            response.ContentLength = content.Headers.ContentLength;
        }

        return true;
    }

    private async ValueTask<bool> TryBeginAsync(HttpResponseMessage reply, bool isStream, CancellationToken cancellationToken)
    {
        var content = reply.Content;
        if (isStream)
        {
            _stream = new EventStreamReply(
                new MeteredStream(await content.ReadAsStreamAsync(cancellationToken), call, watch), endpoint.Dialect, watch, options.StreamIdleTimeout, time, stopping, cancellationToken);
            if (!await _stream.BeginAsync())
            {
                await _stream.DisposeAsync();
                return false;
            }

            reply.Content = new ReplyContent(_stream, content);
            return true;
        }

        if (!endpoint.Generates)
        {
            reply.Content = new ReplyContent(new MeteredTail(await content.ReadAsStreamAsync(cancellationToken), call), content);
            return true;
        }

        PlainReply whole;
        try
        {
            whole = await PlainReply.ReadAsync(content, cancellationToken);
        }
        catch (Exception problem) when (problem is IOException or HttpRequestException)
        {
            return false;
        }

        if (SseFrames.Aborts(whole.Bytes))
        {
            _isAborted = true;
            await whole.DisposeAsync();
            return false;
        }

        call.HearAnswer(whole.Bytes);
        watch.Saw(whole.Bytes);
        watch.FindResponseId(whole.Bytes);
        reply.Content = new ReplyContent(whole, content);
        return true;
    }
}
