namespace AiInfra.Gateway.Limits;

/// <summary>
/// This life of the gateway on disk: what it reserved and settled, in a file of its own, locked while it lives. A line is with the
/// operating system before the request goes on, so a killed process loses nothing; a power cut can cost the last tenth of a second.
/// </summary>
internal sealed class Journal : IDisposable
{
    private const string Extension = ".journal";

    private readonly Lock _lock = new();
    private readonly Lock _syncing = new();
    private readonly string _path;
    private readonly long _rewriteBytes;
    private readonly JournalState _state = new();
    private readonly Dictionary<string, int> _numbers = [];
    private readonly JournalText _text = new();
    private readonly List<JournalFile> _replaced = [];
    private JournalFile _file;
    private bool _isUnsynced;
    private bool _isBehind;

    public Journal(string folder, string gateway, long rewriteBytes)
    {
        Directory.CreateDirectory(folder);
        (_path, _rewriteBytes) = (Path.Combine(folder, gateway + Extension), rewriteBytes);
        _file = new JournalFile(_path);
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

    /// <summary>Reads a journal to its last whole line: what a killed process had not written yet is zeros.</summary>
    public static JournalState Read(Stream file)
    {
        using var reader = new StreamReader(file, leaveOpen: true);
        var text = reader.ReadToEnd();
        text = text.IndexOf('\0') is >= 0 and var end ? text[..end] : text;
        var state = new JournalState();
        // What a power cut tore has no end of line, and was never acted upon.
        foreach (var line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            state.Apply(line);
        }

        return state;
    }

    /// <exception cref="IOException">It could not be written, and is not open.</exception>
    public void Open(long id, string tenant, ReservedFor whom, IReadOnlyList<Claim> claims)
    {
        lock (_lock)
        {
            var kept = NumberClaims(claims, tenant);
            var request = new JournalRequest(tenant, whom.Day, whom.Who, whom.Tokens, kept);
            _state.Open[id] = request;
            request.AddTo(_text, id);
            try
            {
                Write();
            }
            catch (IOException)
            {
                _state.Open.Remove(id);
                throw;
            }
        }
    }

    /// <exception cref="IOException">It could not be written now, and will be with what comes next.</exception>
    public void Settle(long id, IReadOnlyList<Claim> claims, long tokens, long money, JournalUsage? usage)
    {
        lock (_lock)
        {
            _state.Open.Remove(id);
            _text.Add('S').Add(' ').Add(id);
            for (var i = 0; i < claims.Count; i++)
            {
                var meter = claims[i].Meter;
                if (IsKept(meter))
                {
                    var amount = meter.Id.Unit switch { MeterUnit.Money => money, MeterUnit.Tokens => tokens, MeterUnit.Requests => 1, _ => 0 };
                    var number = _numbers[meter.StoreKey];
                    _state.Meters[number].Spent += amount;
                    _text.Add(' ').Add(number).Add(':').Add(amount);
                }
            }

            _text.Add('\n');
            if (usage is not null)
            {
                _state.Add(usage);
                usage.AddTo(_text);
            }

            Write();
        }
    }

    public void Acknowledge(string tenant, long serial)
    {
        lock (_lock)
        {
            _state.Acknowledge(tenant, serial);
            _text.Add('A').Add(' ').Add(tenant).Add(' ').Add(serial).Add('\n');
            Write();
        }
    }

    /// <summary>Sees to it that what was written survives a power cut, and that the file does not grow without bound.</summary>
    public void Sync()
    {
        lock (_syncing)
        {
            JournalFile.Unsynced unsynced;
            lock (_lock)
            {
                Tidy();
                if (_file.Length > _rewriteBytes)
                {
                    Rewrite();
                }

                if (!_isUnsynced)
                {
                    return;
                }

                (unsynced, _isUnsynced) = (_file.Dirty(), false);
            }

            // Outside: a disk takes milliseconds, and requests go on meanwhile.
            unsynced.Flush();
        }
    }

    public void Dispose()
    {
        Tidy();
        _file.Dispose();
    }

    // Nobody may be syncing.
    private void Tidy()
    {
        _file.Tidy();
        _replaced.ForEach(file => file.Dispose());
        _replaced.Clear();
    }

    // Windows of a minute are over before a restart could make use of them.
    private static bool IsKept(Meter meter) => meter.Rule.Span != MeterSpan.Minute;

    private (int Meter, long Amount)[] NumberClaims(IReadOnlyList<Claim> claims, string tenant)
    {
        var (kept, count) = (new (int, long)[claims.Count], 0);
        for (var i = 0; i < claims.Count; i++)
        {
            if (IsKept(claims[i].Meter))
            {
                kept[count++] = (NumberOf(claims[i].Meter, tenant), claims[i].Amount);
            }
        }

        return count == kept.Length ? kept : kept[..count];
    }

    private int NumberOf(Meter meter, string tenant)
    {
        if (!_numbers.TryGetValue(meter.StoreKey, out var number))
        {
            _numbers[meter.StoreKey] = number = _numbers.Count;
            var end = meter.Rule.IsBudget ? meter.Id.Period.End.ToUnixTimeMilliseconds() : 0;
            var line = new JournalMeter(meter.StoreKey, tenant, meter.Rule.IsBudget, meter.Rule.Limit, end);
            _state.Meters[number] = line;
            line.AddTo(_text, number);
        }

        return number;
    }

    private void Write()
    {
        try
        {
            if (_isBehind)
            {
                // The state knows what the file has missed.
                Rewrite();
            }
            else
            {
                _file.Append(_text.Bytes);
                _isUnsynced = true;
            }
        }
        catch (IOException)
        {
            _isBehind = true;
            throw;
        }
        finally
        {
            _text.Clear();
        }
    }

    private void Rewrite()
    {
        var next = new JournalFile(_path + ".next");
        var whole = new JournalText();
        try
        {
            _state.AddTo(whole);
            if (whole.Bytes.Length > 0)
            {
                next.Append(whole.Bytes);
                next.Dirty().Flush();
            }

            File.Move(_path + ".next", _path, overwrite: true);
        }
        catch
        {
            next.Dispose();
            throw;
        }

        // A sync may be at work on the former one.
        _replaced.Add(_file);
        (_file, _isBehind) = (next, false);
    }
}
