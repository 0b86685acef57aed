using System.Text;

namespace AiInfra.Gateway.Limits;

/// <summary>
/// This life of the gateway on disk: what it reserved and settled, in a file of its own, locked while it lives. A line is with the
/// operating system before the request goes on, so a killed process loses nothing; a power cut can cost the last tenth of a second.
/// </summary>
internal sealed class Journal : IDisposable
{
    private const string Extension = ".journal";

    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly long _rewriteBytes;
    private readonly JournalState _state = new();
    private readonly Dictionary<string, int> _numbers = [];
    private FileStream _file;
    private bool _isUnsynced;

    public Journal(string folder, string gateway, long rewriteBytes)
    {
        Directory.CreateDirectory(folder);
        (_path, _rewriteBytes) = (Path.Combine(folder, gateway + Extension), rewriteBytes);
        _file = Create(_path);
    }

    /// <summary>The journals of lives that have ended, each with the gateway's name in that life; locked until disposed.</summary>
    public static IEnumerable<(string Gateway, FileStream File)> Orphans(string folder)
    {
        foreach (var path in Directory.Exists(folder) ? Directory.GetFiles(folder, "*" + Extension) : [])
        {
            FileStream file;
            try
            {
                file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                // Its gateway lives.
                continue;
            }

            yield return (Path.GetFileNameWithoutExtension(path), file);
        }
    }

    /// <summary>Reads a journal to its last whole line.</summary>
    public static JournalState Read(Stream file)
    {
        using var reader = new StreamReader(file, leaveOpen: true);
        var text = reader.ReadToEnd();
        var state = new JournalState();
        // What a power cut tore has no end of line, and was never acted upon.
        foreach (var line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            state.Apply(line);
        }

        return state;
    }

    public void Open(long id, string tenant, ReservedFor whom, IReadOnlyList<Claim> claims)
    {
        lock (_lock)
        {
            var lines = new StringBuilder();
            var kept = claims.Where(claim => IsKept(claim.Meter)).Select(claim => (NumberOf(claim.Meter, tenant, lines), claim.Amount)).ToArray();
            Write(lines.Append(new JournalRequest(tenant, whom.Day, whom.Who, whom.Tokens, kept).ToLine(id)).Append('\n').ToString());
        }
    }

    public void Settle(long id, IReadOnlyList<Claim> claims, long tokens, long money, JournalUsage? usage)
    {
        lock (_lock)
        {
            var lines = new StringBuilder().Append("S ").Append(id);
            foreach (var (meter, _) in claims)
            {
                if (IsKept(meter))
                {
                    var amount = meter.Id.Unit switch { MeterUnit.Money => money, MeterUnit.Tokens => tokens, MeterUnit.Requests => 1, _ => 0 };
                    lines.Append(' ').Append(_numbers[meter.StoreKey]).Append(':').Append(amount);
                }
            }

            lines.Append('\n');
            if (usage is not null)
            {
                lines.Append(usage.ToLine()).Append('\n');
            }

            Write(lines.ToString());
        }
    }

    public void Acknowledge(string tenant, long serial)
    {
        lock (_lock)
        {
            Write($"A {tenant} {serial}\n");
        }
    }

    /// <summary>Sees to it that what was written survives a power cut, and that the file does not grow without bound.</summary>
    public void Sync()
    {
        lock (_lock)
        {
            if (_file.Length > _rewriteBytes)
            {
                Rewrite();
            }

            if (_isUnsynced)
            {
                _isUnsynced = false;
                _file.Flush(flushToDisk: true);
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private static FileStream Create(string path) => new(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);

    // Windows of a minute are over before a restart could make use of them.
    private static bool IsKept(Meter meter) => meter.Rule.Span != MeterSpan.Minute;

    private int NumberOf(Meter meter, string tenant, StringBuilder lines)
    {
        if (!_numbers.TryGetValue(meter.StoreKey, out var number))
        {
            _numbers[meter.StoreKey] = number = _numbers.Count;
            var end = meter.Rule.IsBudget ? meter.Id.Period.End.ToUnixTimeMilliseconds() : 0;
            lines.Append(JournalState.MeterLine(number, new JournalMeter(meter.StoreKey, tenant, meter.Rule.IsBudget, meter.Rule.Limit, end))).Append('\n');
        }

        return number;
    }

    private void Write(string lines)
    {
        foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            _state.Apply(line);
        }

        _file.Write(Encoding.UTF8.GetBytes(lines));
        _isUnsynced = true;
    }

    private void Rewrite()
    {
        var next = Create(_path + ".next");
        foreach (var line in _state.Lines())
        {
            next.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }

        next.Flush(flushToDisk: true);
        File.Move(_path + ".next", _path, overwrite: true);
        _file.Dispose();
        _file = next;
    }
}
