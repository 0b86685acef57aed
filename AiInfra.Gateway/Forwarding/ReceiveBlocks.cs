using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace AiInfra.Gateway.Forwarding;

/// <summary>
/// Kestrel's memory in larger blocks than its own of 4 KiB: those make a hundred receives of one long prompt, each with a wake-up of the
/// reader. An idle connection holds none.
/// </summary>
internal sealed class ReceiveBlocks : IMemoryPoolFactory<byte>
{
    public const int BlockBytes = 32 << 10;

    // Of each listener and receiving queue; what is above this after a burst is the collector's.
    private const int MostKept = 256;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    private sealed class Pool : MemoryPool<byte>
    {
        private readonly ConcurrentQueue<Block> _free = new();
        private int _freeCount;

        public override int MaxBufferSize => BlockBytes;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
            if (!_free.TryDequeue(out var block))
            {
                return new Block(this);
            }

            Interlocked.Decrement(ref _freeCount);
            return block;
        }

        public void Return(Block block)
        {
            if (Interlocked.Increment(ref _freeCount) <= MostKept)
            {
                _free.Enqueue(block);
            }
            else
            {
                Interlocked.Decrement(ref _freeCount);
            }
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class Block(Pool pool) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = NewMemory();

        public void Dispose() => pool.Return(this);

        private static Memory<byte> NewMemory()
        {
            var bytes = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);
            return MemoryMarshal.CreateFromPinnedArray(bytes, 0, bytes.Length);
        }
    }
}
