namespace AiInfra.Gateway.Routing;

/// <summary>
/// Cuts a prompt's bytes into blocks and hashes them in a chain: block n's hash stands for everything up to its end, as in the engine's
/// own prefix cache. It can go on where the prompt ended, over the answer.
/// </summary>
/// <param name="seed">What keeps chains apart: process, model, tenant.</param>
internal sealed class PromptChain(ulong seed)
{
    /// <summary>Bytes of a block: about four of a GPU engine's blocks of 16 tokens.</summary>
    public const int BlockBytes = 256;

    private readonly byte[] _block = new byte[BlockBytes];
    private readonly List<ulong> _hashes = [];
    private int _filled;
    private ulong _state = seed;

    /// <summary>Bytes taken in so far.</summary>
    public long Length { get; private set; }

    /// <summary>The blocks that are full by now.</summary>
    public ulong[] Blocks() => [.. _hashes];

    /// <summary>A hash of the beginning, up to <paramref name="blocks"/> blocks; of everything when it is shorter.</summary>
    public ulong Beginning(int blocks) => _hashes.Count > 0 ? _hashes[Math.Min(blocks, _hashes.Count) - 1] : PromptHash.Add(_state, _block.AsSpan(0, _filled));

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_filled == 0 && bytes.Length >= BlockBytes)
            {
                Close(bytes[..BlockBytes]);
                bytes = bytes[BlockBytes..];
                continue;
            }

            var count = Math.Min(bytes.Length, BlockBytes - _filled);
            bytes[..count].CopyTo(_block.AsSpan(_filled));
            _filled += count;
            bytes = bytes[count..];
            if (_filled == BlockBytes)
            {
                Close(_block);
                _filled = 0;
            }
        }
    }

    private void Close(ReadOnlySpan<byte> block)
    {
        _state = PromptHash.Add(_state, block);
        _hashes.Add(_state);
    }
}
