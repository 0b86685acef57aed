using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace AiInfra.Gateway.Limits;

/// <summary>
/// The file of a journal, written through a map of it: what is copied there is the operating system's and outlives the process, as after
/// a write, without a call for each line. What has not been written yet is zeros.
/// </summary>
/// <remarks>The zeros are written ahead, so that a full disk is an <see cref="IOException"/> and not a fault in the map.</remarks>
internal sealed class JournalFile : IDisposable
{
    private static readonly byte[] Zeros = new byte[64 << 10];

    // How far ahead.
    private const int Step = 1 << 20;

    private readonly SafeFileHandle _file;
    private readonly List<MemoryMappedViewAccessor> _outgrown = [];
    private MemoryMappedViewAccessor? _view;
    private long _capacity;

    public JournalFile(string path) => _file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None);

    public long Length { get; private set; }

    /// <summary>Appends lines; all of them are there afterwards, or none if the process is killed meanwhile.</summary>
    /// <exception cref="IOException">The disk is full.</exception>
    public void Append(ReadOnlySpan<byte> lines)
    {
        while (Length + lines.Length > _capacity)
        {
            Grow();
        }

        // A reader stops at the first zero: until the first byte is there, none is.
        var handle = _view!.SafeMemoryMappedViewHandle;
        handle.WriteSpan((ulong)Length + 1, lines[1..]);
        handle.Write((ulong)Length, lines[0]);
        Length += lines.Length;
    }

    /// <summary>What has to reach the disk; a map that is outgrown meanwhile stays valid.</summary>
    public Unsynced Dirty() => new(_file, _view);

    /// <summary>Lets go of the maps that were outgrown; nobody may be syncing.</summary>
    public void Tidy()
    {
        _outgrown.ForEach(view => view.Dispose());
        _outgrown.Clear();
    }

    public void Dispose()
    {
        Tidy();
        _view?.Dispose();
        if (!_file.IsClosed)
        {
            if (_capacity > Length)
            {
                RandomAccess.SetLength(_file, Length);
            }

            _file.Dispose();
        }
    }

    private void Grow()
    {
        var capacity = _capacity + Step;
        for (var end = _capacity; end < capacity; end += Zeros.Length)
        {
            RandomAccess.Write(_file, Zeros, end);
        }

        using var map = MemoryMappedFile.CreateFromFile(_file, null, capacity, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        if (_view is not null)
        {
            _outgrown.Add(_view);
        }

        (_view, _capacity) = (map.CreateViewAccessor(0, capacity), capacity);
    }

    /// <summary>Written, and not known to be on the disk.</summary>
    public readonly record struct Unsynced(SafeFileHandle File, MemoryMappedViewAccessor? View)
    {
        public void Flush()
        {
            View?.Flush();
            RandomAccess.FlushToDisk(File);
        }
    }
}
