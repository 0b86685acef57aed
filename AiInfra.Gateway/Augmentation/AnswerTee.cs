namespace AiInfra.Gateway.Augmentation;

/// <summary>Passes an answer on as it comes and keeps a copy, up to a limit beyond which it keeps nothing.</summary>
internal sealed class AnswerTee(Stream inner) : Stream
{
    private const int MostBytes = 1 << 20;

    private readonly MemoryStream _kept = new();
    private bool _isTooLarge;

    /// <summary>The whole answer; empty when it was too large to keep.</summary>
    public ReadOnlySpan<byte> Kept => _isTooLarge ? default : _kept.GetBuffer().AsSpan(0, (int)_kept.Length);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await inner.WriteAsync(buffer, cancellationToken);
        Keep(buffer.Span);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_kept.Length + bytes.Length > MostBytes)
        {
            _isTooLarge = true;
            _kept.SetLength(0);
        }
        else if (!_isTooLarge)
        {
            _kept.Write(bytes);
        }
    }
}
