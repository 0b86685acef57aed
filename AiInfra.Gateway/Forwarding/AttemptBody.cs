using System.Net;

namespace AiInfra.Gateway.Forwarding;

/// <summary>
/// A request's body on its way to one replica, straight from the buffer that it was read into. A small one leaves in one packet with its
/// headers; the forwarder's own content sends the headers ahead and copies the rest through a buffer of its own.
/// </summary>
internal sealed class AttemptBody(EditedBody body) : HttpContent
{
    private const int NotBegun = 0;
    private const int Sending = 1;
    private const int Awaited = 2;
    private const int Done = 3;

    private int _state;
    private TaskCompletionSource? _done;

    /// <summary>
    /// Waits until nobody reads the body any more: a replica may answer, or be given up, before all of it is sent, and the buffer
    /// belongs to somebody else afterwards.
    /// </summary>
    public Task SentAsync()
    {
        if (Volatile.Read(ref _state) is NotBegun or Done)
        {
            return Task.CompletedTask;
        }

        _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return Interlocked.CompareExchange(ref _state, Awaited, Sending) == Sending ? _done.Task : Task.CompletedTask;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _state, Sending);
        try
        {
            await body.WriteToAsync(stream, cancellationToken);
        }
        finally
        {
            if (Interlocked.Exchange(ref _state, Done) == Awaited)
            {
                _done!.SetResult();
            }
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = body.TotalBytes;
        return true;
    }
}

/// <summary>Sends what the forwarder has prepared, with the body of the attempt in the place of the forwarder's.</summary>
internal sealed class AttemptInvoker(HttpMessageHandler handler, AttemptBody body) : HttpMessageInvoker(handler, disposeHandler: false)
{
    public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Content = body;
        return base.SendAsync(request, cancellationToken);
    }
}
