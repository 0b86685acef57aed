using System.Text;

namespace AiInfra.AppHost.ProcessEngine.Processes;

/// <summary>Lines of at most 16 KiB: a process that never ends its line must not fill our memory.</summary>
internal sealed class LineReader(Stream stream) : IDisposable
{
    private const int MaxLineBytes = 16 * 1024;

    private readonly byte[] _buffer = new byte[MaxLineBytes];
    private int _start;
    private int _end;

    public string? ReadLine()
    {
        while (true)
        {
            var unread = _buffer.AsSpan(_start, _end - _start);
            var newline = unread.IndexOf((byte)'\n');
            if (newline >= 0)
            {
                _start += newline + 1;
                return Text(unread[..newline]);
            }

            if (unread.Length == MaxLineBytes)
            {
                _start = _end;
                return Text(unread);
            }

            unread.CopyTo(_buffer);
            (_start, _end) = (0, unread.Length);
            var read = stream.Read(_buffer, _end, MaxLineBytes - _end);
            if (read == 0)
            {
                var rest = _end > 0 ? Text(_buffer.AsSpan(0, _end)) : null;
                _end = 0;
                return rest;
            }

            _end += read;
        }
    }

    public void Dispose() => stream.Dispose();

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes).TrimEnd('\r');
}
