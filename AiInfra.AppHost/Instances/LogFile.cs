using System.Text;

namespace AiInfra.AppHost.Instances;

/// <summary>The output of one resource: at most two files of 4 MiB on disk, and the newest thousand lines in memory.</summary>
internal sealed class LogFile(string path) : IDisposable
{
    private const long MaxBytes = 4 * 1024 * 1024;
    private const int MaxLines = 1000;

    private readonly Lock _lock = new();
    private readonly Queue<string> _newest = new();
    private FileStream? _file;

    /// <summary>Keeps lines. A disk that is full costs the lines on disk, never the resource.</summary>
    public void Append(IReadOnlyList<string> lines)
    {
        lock (_lock)
        {
            foreach (var line in lines)
            {
                _newest.Enqueue(line);
                if (_newest.Count > MaxLines)
                {
                    _newest.Dequeue();
                }
            }

            try
            {
                if (_file is { Length: > MaxBytes })
                {
                    _file.Dispose();
                    File.Move(path, $"{path}.1", overwrite: true);
                    _file = null;
                }

                // Unbuffered, so that whoever follows the file sees the line and a killed AppHost loses none.
                _file ??= new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
                _file.Write(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + '\n'))));
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
            {
            }
        }
    }

    public IReadOnlyList<string> Newest(int count)
    {
        lock (_lock)
        {
            return [.. _newest.TakeLast(count)];
        }
    }

    public void Dispose() => _file?.Dispose();
}
