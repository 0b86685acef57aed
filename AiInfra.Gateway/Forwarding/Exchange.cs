using System.Net;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Usage;
using Yarp.ReverseProxy.Forwarder;

namespace AiInfra.Gateway.Forwarding;

/// <summary>One request on its way to a replica and back: what goes there, and what of the answer goes out.</summary>
/// <remarks>
/// Headers are listed, not copied: a caller's headers are for the gateway (keys, cookies, engine-internal switches), a replica's
/// headers are about the replica.
/// </remarks>
internal sealed class Exchange(ModelEndpoint endpoint, ModelRoute route, EditedBody body, Call call, ForwardingOptions options, TimeProvider time) : HttpTransformer
{
    private Replica? _replica;

    public AttemptOutcome Outcome { get; private set; }

    /// <summary>What the caller is told if no further replica is asked.</summary>
    public UpstreamRefusal Refusal { get; private set; } = new(ApiError.NoReplica, null);

    /// <summary>True when another replica may answer in the place of this one.</summary>
    public bool MayRetry => Outcome is AttemptOutcome.NoReply or AttemptOutcome.Busy or AttemptOutcome.BrokenBeforeFirstByte;

    /// <summary>Begins an attempt.</summary>
    public void Aim(Replica replica)
    {
        _replica = replica;
        Outcome = AttemptOutcome.NoReply;
        body.Rewind();
    }

    /// <summary>Notes what the forwarder says when no reply came.</summary>
    public void Conclude(ForwarderError error)
    {
        if (Outcome == AttemptOutcome.NoReply)
        {
            Refusal = new(error == ForwarderError.RequestTimedOut ? ApiError.UpstreamTimeout : ApiError.NoReplica, null);
        }
    }

    public override ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        proxyRequest.RequestUri = _replica!.UrlOf(endpoint.Path);
        call.IsUnderWay = true;
        var caller = httpContext.Request.Headers;
        var headers = proxyRequest.Headers;
        if (route.Authorization is { } authorization)
        {
            headers.TryAddWithoutValidation("Authorization", authorization);
        }

        headers.TryAddWithoutValidation("X-Request-Id", (string?)httpContext.Response.Headers["x-request-id"]);
        Copy("Accept");
        Copy("anthropic-version");
        Copy("anthropic-beta");

        if (proxyRequest.Content is { } content)
        {
            content.Headers.ContentLength = body.TotalBytes;
            content.Headers.TryAddWithoutValidation("Content-Type", caller.ContentType is { Count: 1 } type ? (string?)type : "application/json");
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
            var status = (int)proxyResponse.StatusCode;
            Outcome = status is StatusCodes.Status429TooManyRequests or >= 500 ? AttemptOutcome.Busy : AttemptOutcome.Refused;
            return false;
        }

        // Until the answer proves to have begun: whatever is thrown in between is a reply that broke.
        Outcome = AttemptOutcome.BrokenBeforeFirstByte;
        Refusal = new(ApiError.UpstreamBroken, null);
        var content = proxyResponse.Content;
        var isStream = content.Headers.ContentType?.MediaType == "text/event-stream";
        if (!await TryBeginAsync(proxyResponse, isStream, cancellationToken))
        {
            return false;
        }

        Outcome = AttemptOutcome.Answered;
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
            var stream = new EventStreamReply(
                new MeteredStream(await content.ReadAsStreamAsync(cancellationToken), call), endpoint.Dialect, options.StreamIdleTimeout, time, cancellationToken);
            if (!await stream.BeginAsync())
            {
                Refusal = new(stream.Failure!, null);
                await stream.DisposeAsync();
                return false;
            }

            reply.Content = new ReplyContent(stream, content);
            return true;
        }

        if (endpoint.Generates)
        {
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
                await whole.DisposeAsync();
                return false;
            }

            call.HearAnswer(whole.Bytes);
            reply.Content = new ReplyContent(whole, content);
        }
        else
        {
            reply.Content = new ReplyContent(new MeteredTail(await content.ReadAsStreamAsync(cancellationToken), call), content);
        }

        return true;
    }
}
