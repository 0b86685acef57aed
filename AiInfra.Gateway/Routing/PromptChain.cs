namespace AiInfra.Gateway.Routing;

/// <summary>
/// Cuts a prompt's bytes into blocks and hashes them in a chain: block n's hash stands for everything up to its end, as in the engine's
/// own prefix cache. It can go on where the prompt ended, over the answer.
/// </summary>
/// <param name="seed">What keeps chains apart: process, model, tenant.</param>
/// <param name="expectedBytes">About how long the prompt is.</param>
internal sealed class PromptChain(ulong seed, int expectedBytes)
{
    /// <summary>Bytes of a block: about four of a GPU engine's blocks of 16 tokens.</summary>
    public const int BlockBytes = 256;

    private readonly byte[] _block = new byte[BlockBytes];
    private ulong[] _hashes = new ulong[(expectedBytes / BlockBytes) + 2];
    private int _count;
    private int _filled;
    private ulong _state = seed;

    /// <summary>Bytes taken in so far.</summary>
    public long Length { get; private set; }

    /// <summary>The blocks that are full by now. What comes later does not change them.</summary>
    public ReadOnlyMemory<ulong> Blocks() => _hashes.AsMemory(0, _count);

    /// <summary>A hash of the beginning, up to <paramref name="blocks"/> blocks; of everything when it is shorter.</summary>
    public ulong Beginning(int blocks) => _count > 0 ? _hashes[Math.Min(blocks, _count) - 1] : PromptHash.Add(_state, _block.AsSpan(0, _filled));

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (_filled > 0)
        {
            var count = Math.Min(bytes.Length, BlockBytes - _filled);
            bytes[..count].CopyTo(_block.AsSpan(_filled));
            _filled += count;
            if (_filled < BlockBytes)
            {
                return;
            }

            Close(_block);
            bytes = bytes[count..];
        }

        while (bytes.Length >= BlockBytes)
        {
            Close(bytes[..BlockBytes]);
            bytes = bytes[BlockBytes..];
        }

        bytes.CopyTo(_block);
        _filled = bytes.Length;
    }

    private void Close(ReadOnlySpan<byte> block)
    {
        _state = PromptHash.Add(_state, block);
        if (_count == _hashes.Length)
        {
            Array.Resize(ref _hashes, _count * 2);
        }

        _hashes[_count++] = _state;
    }
}
