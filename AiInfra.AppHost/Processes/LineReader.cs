using System.Text;

namespace AiInfra.AppHost.Processes;

/// <summary>Splits what a process prints into lines, cut at 64 KiB: a process that never ends its line must not fill our memory.</summary>
internal static class LineReader
{
    public const int MaxLineBytes = 64 * 1024;

    /// <summary>Hands over the lines of each read together, until the stream ends.</summary>
    public static void ReadAll(Stream stream, Action<IReadOnlyList<string>> onLines)
    {
        using var output = stream;
        var buffer = new byte[MaxLineBytes];
        var kept = 0;
        int read;
        while ((read = output.Read(buffer, kept, buffer.Length - kept)) > 0)
        {
            var lines = new List<string>();
            var rest = buffer.AsSpan(0, kept + read);
            for (var end = rest.IndexOf((byte)'\n'); end >= 0; end = rest.IndexOf((byte)'\n'))
            {
                lines.Add(Text(rest[..end]));
                rest = rest[(end + 1)..];
            }

            if (rest.Length == buffer.Length)
            {
                lines.Add(Text(rest));
                rest = [];
            }

            rest.CopyTo(buffer);
            kept = rest.Length;
            onLines(lines);
        }

        if (kept > 0)
        {
            onLines([Text(buffer.AsSpan(0, kept))]);
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes).TrimEnd('\r');
}
