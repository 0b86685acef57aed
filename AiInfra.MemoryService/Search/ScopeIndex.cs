using System.Runtime.InteropServices;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Lexicon;

namespace AiInfra.MemoryService.Search;

/// <summary>
/// The memories of one user as columns in memory: vectors, postings, neighbours, and the counts that scores are made of. Nothing of
/// another user is in it, so no count can depend on one. Not thread-safe: <see cref="ScopeIndexes"/> locks.
/// </summary>
internal sealed class ScopeIndex
{
    public const int None = -1;

    /// <summary>A speaker's number that no memory has.</summary>
    public const int Nobody = -1;

    // Fewer dead rows than this are not worth a pass over all.
    private const int FewDead = 256;

    // Sums of vectors are kept in whole numbers: they are the same whatever the order of additions and removals was.
    private const double MeanScale = 1 << 24;

    private readonly Dictionary<long, int> _rowOf = [];
    private readonly Dictionary<string, PostingList> _postings = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _speakerNumbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _lastOfSession = new(StringComparer.Ordinal);
    private readonly Dictionary<ushort, int> _memoriesWithPiece = [];
    private readonly Dictionary<string, int> _memoriesBySpeaker = new(StringComparer.Ordinal);
    private readonly Dictionary<int, int> _memoriesByYear = [];
    private readonly long[] _vectorSum = new long[MiniLmEmbeddingGenerator.Dimensions];
    private readonly RowColumns _rows = new();
    private readonly AttributeRows _attributes = new();
    private sbyte[] _sentences = [];
    private long _windowLengths;
    private long _ownLengths;

    /// <summary>Rows, dead ones included.</summary>
    public int RowCount => _rows.Count;

    /// <summary>Memories.</summary>
    public int Count { get; private set; }

    /// <summary>Rows of removed memories; when they are many, the index is made anew.</summary>
    public int DeadCount => RowCount - Count;

    public RowColumns Rows => _rows;

    /// <summary>Where the values of attributes stand.</summary>
    public AttributeRows Attributes => _attributes;

    public IEnumerable<string> Speakers => _memoriesBySpeaker.Keys;

    public IEnumerable<int> Years => _memoriesByYear.Keys;

    public IEnumerable<KeyValuePair<string, PostingList>> Terms => _postings;

    /// <summary>Mean length in words of a memory's own text, or of the text with its neighbours.</summary>
    public double MeanLength(bool withNeighbours) => Count == 0 ? 1 : Math.Max(1, (double)(withNeighbours ? _windowLengths : _ownLengths) / Count);

    public PostingList? Postings(string stem) => _postings.GetValueOrDefault(stem);

    /// <summary>The number that rows of this speaker carry.</summary>
    public int NumberOf(string speaker) => _speakerNumbers.GetValueOrDefault(speaker, Nobody);

    /// <summary>In how many memories the model's word piece occurs.</summary>
    public int MemoriesWithPiece(ushort piece) => _memoriesWithPiece.GetValueOrDefault(piece);

    public ReadOnlySpan<sbyte> Sentence(int row) =>
        _sentences.AsSpan(row * MiniLmEmbeddingGenerator.Dimensions, MiniLmEmbeddingGenerator.Dimensions);

    public int? RowOf(long sequence) => _rowOf.TryGetValue(sequence, out var row) ? row : null;

    /// <summary>The mean of all cosines with this vector.</summary>
    public float MeanCosine(ReadOnlySpan<float> vector)
    {
        var sum = 0.0;
        for (var d = 0; d < vector.Length; d++)
        {
            sum += vector[d] * (_vectorSum[d] / MeanScale);
        }

        return Count == 0 ? 0 : (float)(sum / Count);
    }

    public void Apply(IndexChange change)
    {
        var replaced = _rowOf.TryGetValue(change.Sequence, out var old) ? old : None;
        if (change.Now is not { } memory)
        {
            if (replaced != None)
            {
                Unlink(replaced);
                Retire(replaced);
                CompactIfMostlyDead();
            }

            return;
        }

        var row = Append(memory);
        if (replaced != None && _rows.Memories[replaced].Attributes.SessionId == memory.Attributes.SessionId)
        {
            TakePlace(replaced, row);
            Retire(replaced);
        }
        else
        {
            if (replaced != None)
            {
                Unlink(replaced);
                Retire(replaced);
            }

            LinkLast(row);
        }

        _rowOf[change.Sequence] = row;
        CompactIfMostlyDead();
    }

    private int Append(IndexedMemory memory)
    {
        var row = _rows.Count;
        var words = Words.Of(memory.Text);
        if ((row + 1) * MiniLmEmbeddingGenerator.Dimensions > _sentences.Length)
        {
            Array.Resize(ref _sentences, Math.Max(16, row * 2) * MiniLmEmbeddingGenerator.Dimensions);
        }

        var scale = VectorKernels.QuantizeStored(
            memory.Sentence.Span, _sentences.AsSpan(row * MiniLmEmbeddingGenerator.Dimensions, MiniLmEmbeddingGenerator.Dimensions));
        // The text is in the postings now, the vector in the column: neither is kept twice.
        var isQuestion = memory.Text.AsSpan().TrimEnd().EndsWith("?");
        _rows.Append(memory with { Text = "", Sentence = default }, words.Count, scale, SpeakerNumber(memory.Attributes.Speaker), isQuestion);
        _attributes.Add(row, memory.Attributes);
        AddPostings(row, words);
        Count++;
        CountIn(row, 1);
        _ownLengths += words.Count;
        return row;
    }

    private int SpeakerNumber(string? speaker)
    {
        if (string.IsNullOrEmpty(speaker))
        {
            return 0;
        }

        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_speakerNumbers, speaker, out var isKnown);
        return isKnown ? number : number = _speakerNumbers.Count;
    }

    /// <summary>Moves the living rows together once more are dead than alive. Their order stays, and with it every score.</summary>
    private void CompactIfMostlyDead()
    {
        if (DeadCount < FewDead || DeadCount <= Count)
        {
            return;
        }

        var moved = new int[_rows.Count];
        var living = 0;
        for (var row = 0; row < _rows.Count; row++)
        {
            moved[row] = _rows.Alive[row] ? living++ : None;
        }

        for (var row = 0; row < _rows.Count; row++)
        {
            if (moved[row] is var to && to != None)
            {
                Sentence(row).CopyTo(_sentences.AsSpan(to * MiniLmEmbeddingGenerator.Dimensions, MiniLmEmbeddingGenerator.Dimensions));
                _rowOf[_rows.Memories[row].Sequence] = to;
            }
        }

        _rows.Compact(moved, living);
        _attributes.Clear();
        for (var row = 0; row < living; row++)
        {
            _attributes.Add(row, _rows.Memories[row].Attributes);
        }

        Array.Resize(ref _sentences, living * MiniLmEmbeddingGenerator.Dimensions);
        foreach (var (session, last) in _lastOfSession.ToList())
        {
            _lastOfSession[session] = moved[last];
        }

        foreach (var (stem, postings) in _postings.ToList())
        {
            if (postings.Moved(moved) is { } left)
            {
                _postings[stem] = left;
            }
            else
            {
                _postings.Remove(stem);
            }
        }
    }

    private void AddPostings(int row, List<string> words)
    {
        var counts = new Dictionary<string, int>(words.Count, StringComparer.Ordinal);
        foreach (var word in words)
        {
            var stem = PorterStemmer.Stem(word);
            CollectionsMarshal.GetValueRefOrAddDefault(counts, stem, out _)++;
        }

        foreach (var (stem, count) in counts)
        {
            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(_postings, stem, out _);
            (list ??= new PostingList()).Add(row, count);
        }
    }

    private void Retire(int row)
    {
        Count--;
        CountIn(row, -1);
        _ownLengths -= _rows.Lengths[row];
        _windowLengths -= _rows.WindowLengths[row];
        _rowOf.Remove(_rows.Memories[row].Sequence);
        _rows.Alive[row] = false;
        _rows.WindowLengths[row] = 0;
    }

    private void CountIn(int row, int change)
    {
        var memory = _rows.Memories[row];
        var sentence = Sentence(row);
        for (var d = 0; d < sentence.Length; d++)
        {
            _vectorSum[d] += change * (long)Math.Round(sentence[d] * (double)_rows.Scales[row] * MeanScale);
        }

        foreach (var piece in memory.Tokens.Pieces.Distinct())
        {
            Count(_memoriesWithPiece, piece, change);
        }

        Count(_memoriesByYear, memory.Attributes.Timestamp.Year, change);
        if (memory.Attributes.Speaker is { Length: > 0 } speaker)
        {
            Count(_memoriesBySpeaker, speaker, change);
        }

        static void Count<TKey>(Dictionary<TKey, int> counts, TKey key, int change)
            where TKey : notnull
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, key, out _);
            count += change;
            if (count == 0)
            {
                counts.Remove(key);
            }
        }
    }

    private void LinkLast(int row)
    {
        if (_rows.Memories[row].Attributes.SessionId is { } session)
        {
            var last = _lastOfSession.GetValueOrDefault(session, None);
            _rows.Previous[row] = last;
            if (last != None)
            {
                _rows.Next[last] = row;
            }

            _lastOfSession[session] = row;
        }

        Remeasure(row);
    }

    private void TakePlace(int old, int row)
    {
        var (previous, next) = (_rows.Previous[old], _rows.Next[old]);
        (_rows.Previous[row], _rows.Next[row]) = (previous, next);
        Relink(previous, next, row, row);
        if (_rows.Memories[row].Attributes.SessionId is { } session && _lastOfSession.GetValueOrDefault(session, None) == old)
        {
            _lastOfSession[session] = row;
        }

        Remeasure(row);
    }

    private void Unlink(int row)
    {
        var (previous, next) = (_rows.Previous[row], _rows.Next[row]);
        Relink(previous, next, next, previous);
        if (_rows.Memories[row].Attributes.SessionId is { } session && _lastOfSession.GetValueOrDefault(session, None) == row)
        {
            if (previous == None)
            {
                _lastOfSession.Remove(session);
            }
            else
            {
                _lastOfSession[session] = previous;
            }
        }

        Remeasure(previous);
        Remeasure(next);
    }

    private void Relink(int previous, int next, int nextOfPrevious, int previousOfNext)
    {
        if (previous != None)
        {
            _rows.Next[previous] = nextOfPrevious;
        }

        if (next != None)
        {
            _rows.Previous[next] = previousOfNext;
        }
    }

    /// <summary>Counts the words around a row again, and around those that have it in their window.</summary>
    private void Remeasure(int row)
    {
        if (row == None)
        {
            return;
        }

        MeasureOne(row);
        foreach (var other in new Neighbours(_rows, row))
        {
            MeasureOne(other);
        }
    }

    private void MeasureOne(int row)
    {
        var length = _rows.Lengths[row];
        foreach (var other in new Neighbours(_rows, row))
        {
            length += _rows.Lengths[other];
        }

        _windowLengths += length - _rows.WindowLengths[row];
        _rows.WindowLengths[row] = length;
    }
}
