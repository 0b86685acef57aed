using System.Runtime.InteropServices;

namespace AiInfra.Gateway.Routing;

/// <summary>
/// What is probably in one replica's prefix cache: chained block hashes, the least recently used given up first, a prompt's end before
/// its beginning, as the engine does.
/// </summary>
/// <remarks>
/// A radix tree: blocks that were always used together lie in one run, so a prompt costs a look-up per run and not one per block. A
/// block's hash stands for all before it, so a run is found by the hash of its first block alone.
/// </remarks>
internal sealed class PrefixIndex
{
    private readonly Dictionary<ulong, Run> _runs = [];
    private readonly List<Run> _path = [];
    private Run? _oldest;
    private Run? _newest;

    /// <summary>Blocks that are known.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them that running requests use: they cannot be given up.</summary>
    public int InUse { get; private set; }

    /// <summary>A new number whenever everything was forgotten.</summary>
    public int Epoch { get; private set; }

    /// <returns>How many blocks of the chain are there, from its beginning.</returns>
    public int Match(ReadOnlySpan<ulong> chain)
    {
        var known = 0;
        while (known < chain.Length && _runs.TryGetValue(chain[known], out var run))
        {
            var same = run.Known.CommonPrefixLength(chain[known..]);
            known += same;
            if (same < run.Count)
            {
                break;
            }
        }

        return known;
    }

    /// <summary>Notes that a request uses the chain from now on, as far as there is room beside what others use.</summary>
    /// <returns>How many of its blocks; they are for <see cref="Release"/>.</returns>
    public int Take(ReadOnlySpan<ulong> chain, int capacity)
    {
        chain = chain[..Math.Clamp(capacity - InUse, 0, chain.Length)];
        Walk(chain);
        foreach (var run in _path)
        {
            if (run.Users++ == 0)
            {
                Unlink(run);
                InUse += run.Count;
            }
        }

        Shrink(capacity);
        return chain.Length;
    }

    /// <summary>The request is done: what nobody else uses is the newest of what can be given up, its end before its beginning.</summary>
    public void Release(ReadOnlySpan<ulong> chain)
    {
        Walk(chain);
        for (var i = _path.Count - 1; i >= 0; i--)
        {
            if (--_path[i].Users == 0)
            {
                InUse -= _path[i].Count;
                LinkBehind(_newest, _path[i]);
            }
        }
    }

    /// <summary>Notes that the chain was used, and is no more.</summary>
    public void Touch(ReadOnlySpan<ulong> chain, int capacity) => Release(chain[..Take(chain, capacity)]);

    public void Clear()
    {
        _runs.Clear();
        (_oldest, _newest, Count, InUse) = (null, null, 0, 0);
        Epoch++;
    }

    // Collects the runs that make up the chain, adding and splitting where it leaves what is known.
    private void Walk(ReadOnlySpan<ulong> chain)
    {
        _path.Clear();
        for (var known = 0; known < chain.Length;)
        {
            ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(_runs, chain[known], out var exists);
            if (!exists)
            {
                slot = new Run(chain[known..].ToArray());
                Count += slot.Count;
                LinkBehind(_newest, slot);
            }

            var run = slot!;
            var same = run.Known.CommonPrefixLength(chain[known..]);
            if (same < run.Count)
            {
                Split(run, same);
            }

            known += same;
            _path.Add(run);
        }
    }

    private void Shrink(int capacity)
    {
        while (Count > capacity && _oldest is { } run)
        {
            var cut = Math.Min(Count - capacity, run.Count);
            Count -= cut;
            if (cut == run.Count)
            {
                _runs.Remove(run.Known[0]);
                Unlink(run);
            }
            else
            {
                run.Shorten(run.Count - cut);
            }
        }
    }

    // The rest stays as old, and as used, as the run was.
    private void Split(Run run, int at)
    {
        var rest = new Run(run.Known[at..].ToArray()) { Users = run.Users };
        run.Shorten(at);
        _runs.Add(rest.Known[0], rest);
        if (run.Users == 0)
        {
            LinkBehind(run.Older, rest);
        }
    }

    private void LinkBehind(Run? older, Run run)
    {
        var newer = older is null ? _oldest : older.Newer;
        (run.Older, run.Newer) = (older, newer);
        if (older is null)
        {
            _oldest = run;
        }
        else
        {
            older.Newer = run;
        }

        if (newer is null)
        {
            _newest = run;
        }
        else
        {
            newer.Older = run;
        }
    }

    private void Unlink(Run run)
    {
        var (older, newer) = (run.Older, run.Newer);
        if (older is null)
        {
            _oldest = newer;
        }
        else
        {
            older.Newer = newer;
        }

        if (newer is null)
        {
            _newest = older;
        }
        else
        {
            newer.Older = older;
        }

        (run.Older, run.Newer) = (null, null);
    }

    private sealed class Run(ulong[] blocks)
    {
        private ulong[] _blocks = blocks;

        public int Count { get; private set; } = blocks.Length;

        /// <summary>Running requests that use it.</summary>
        public int Users { get; set; }

        public ReadOnlySpan<ulong> Known => _blocks.AsSpan(0, Count);

        public Run? Older { get; set; }

        public Run? Newer { get; set; }

        public void Shorten(int count)
        {
            Count = count;
            if (count < _blocks.Length / 2)
            {
                // A long array for a few blocks would make the bound on blocks none on bytes.
                _blocks = _blocks[..count];
            }
        }
    }
}
