using System.Runtime.InteropServices;

namespace AiInfra.Gateway.Routing;

/// <summary>
/// What is probably in one replica's prefix cache: chained block hashes, the least recently used given up first, a prompt's end before
/// its beginning, as the engine does.
/// </summary>
internal sealed class PrefixIndex
{
    private readonly Dictionary<ulong, int> _nodes = [];
    private readonly List<Node> _store = [];
    private readonly Stack<int> _free = [];
    private int _oldest = -1;
    private int _newest = -1;

    public int Count => _nodes.Count;

    /// <returns>How many blocks of the chain are there, from its beginning.</returns>
    public int Match(ReadOnlySpan<ulong> chain)
    {
        // What is given up leaves from the end, so the known part is one piece: bisect for its length.
        var (low, high) = (0, chain.Length);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_nodes.ContainsKey(chain[middle - 1]))
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    /// <summary>Notes that the chain was used: its beginning becomes the newest.</summary>
    public void Touch(ReadOnlySpan<ulong> chain, int capacity)
    {
        for (var i = Math.Min(chain.Length, capacity) - 1; i >= 0; i--)
        {
            ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(_nodes, chain[i], out var known);
            if (known)
            {
                Unlink(slot);
            }
            else
            {
                slot = NewNode(chain[i]);
            }

            LinkNewest(slot);
        }

        while (_nodes.Count > capacity)
        {
            var oldest = _oldest;
            Unlink(oldest);
            _nodes.Remove(_store[oldest].Hash);
            _free.Push(oldest);
        }
    }

    public void Clear()
    {
        _nodes.Clear();
        _store.Clear();
        _free.Clear();
        (_oldest, _newest) = (-1, -1);
    }

    private int NewNode(ulong hash)
    {
        if (_free.TryPop(out var index))
        {
            _store[index] = new Node(hash, -1, -1);
            return index;
        }

        _store.Add(new Node(hash, -1, -1));
        return _store.Count - 1;
    }

    private void LinkNewest(int index)
    {
        var nodes = CollectionsMarshal.AsSpan(_store);
        nodes[index].Older = _newest;
        nodes[index].Newer = -1;
        if (_newest >= 0)
        {
            nodes[_newest].Newer = index;
        }
        else
        {
            _oldest = index;
        }

        _newest = index;
    }

    private void Unlink(int index)
    {
        var nodes = CollectionsMarshal.AsSpan(_store);
        var (older, newer) = (nodes[index].Older, nodes[index].Newer);
        if (older >= 0)
        {
            nodes[older].Newer = newer;
        }
        else
        {
            _oldest = newer;
        }

        if (newer >= 0)
        {
            nodes[newer].Older = older;
        }
        else
        {
            _newest = older;
        }
    }

    private struct Node(ulong hash, int older, int newer)
    {
        public readonly ulong Hash = hash;
        public int Older = older;
        public int Newer = newer;
    }
}
