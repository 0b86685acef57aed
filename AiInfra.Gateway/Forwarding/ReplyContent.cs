using System.Net;

namespace AiInfra.Gateway.Forwarding;

/// <summary>Puts our view of a reply's body in the place of the body, for the forwarder to copy.</summary>
internal sealed class ReplyContent(Stream body, HttpContent original) : HttpContent
{
    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult(body);

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) => Task.FromResult(body);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            body.Dispose();
            original.Dispose();
        }

        base.Dispose(disposing);
    }
}
