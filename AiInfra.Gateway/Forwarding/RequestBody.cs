using System.Buffers;
using System.IO.Pipelines;

namespace AiInfra.Gateway.Forwarding;

/// <summary>
/// A request's body in one rented buffer: contiguous, so that it can be peeked at; kept, so that it can be sent again to another replica.
/// </summary>
internal sealed class RequestBody : IDisposable
{
    private readonly bool _isRented;
    private byte[] _buffer;
    private int _length;

    private RequestBody(byte[] buffer, bool isRented) => (_buffer, _isRented) = (buffer, isRented);

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>A body that the gateway has made itself.</summary>
    public static RequestBody Of(byte[] bytes) => new(bytes, isRented: false) { _length = bytes.Length };

    /// <exception cref="BadHttpRequestException">The body is larger than <paramref name="limitBytes"/> (413), or ended early (400).</exception>
    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, int limitBytes, CancellationToken cancellationToken)
    {
        const int FirstGuess = 4096;
        if (request.ContentLength > limitBytes)
        {
            throw TooLarge();
        }

        var body = new RequestBody(ArrayPool<byte>.Shared.Rent((int)(request.ContentLength ?? FirstGuess)), isRented: true);
        try
        {
            await body.FillAsync(request.BodyReader, limitBytes, cancellationToken);
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        _length = 0;
        if (_isRented && buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static BadHttpRequestException TooLarge() => new("Request body too large.", StatusCodes.Status413PayloadTooLarge);

    private async ValueTask FillAsync(PipeReader reader, int limitBytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var chunk = read.Buffer;
            if (_length + chunk.Length > limitBytes)
            {
                throw TooLarge();
            }

            EnsureCapacity(_length + (int)chunk.Length);
            chunk.CopyTo(_buffer.AsSpan(_length));
            _length += (int)chunk.Length;
            reader.AdvanceTo(chunk.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private void EnsureCapacity(int needed)
    {
        if (needed <= _buffer.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _buffer.Length * 2));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
