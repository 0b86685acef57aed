using System.Globalization;

namespace AiInfra.Gateway.Limits;

/// <summary>What the lines of a journal add up to: spent by meter, requests that were open, usage that may not be in the books yet.</summary>
/// <remarks>
/// <code>
/// M 3 b 100000 1767225600000 team aiinfra:{team}:meter:tenant:tokens:day:2025-12-31 0   meter 3: a budget (b) or running calls (r), and spent
/// O 17 team 2025-12-31 key|user|model 330 3:500 4:1                                            request 17 may use 330 tokens: 500 of meter 3, 1 of 4
/// S 17 3:120 4:0                                                                        and settled for 120
/// U 9 team 2025-12-31 key|user|model 1 100 0 20 0 840 0                                 usage record 9
/// A team 9                                                                              usage up to 9 is in the books
/// </code>
/// </remarks>
internal sealed class JournalState
{
    public Dictionary<int, JournalMeter> Meters { get; } = [];

    public Dictionary<long, JournalRequest> Open { get; } = [];

    public List<JournalUsage> Usage { get; } = [];

    /// <summary>The highest number that a usage record has had.</summary>
    public long LastSerial { get; private set; }

    /// <summary>Takes in one whole line.</summary>
    public void Apply(string line)
    {
        var words = line.Split(' ');
        switch (words[0])
        {
            case "M":
                Meters[(int)Number(words[1])] = new JournalMeter(words[6], words[5], words[2] == "b", Number(words[3]), Number(words[4]))
                {
                    Spent = words.Length > 7 ? Number(words[7]) : 0,
                };
                break;
            case "O":
                Open[Number(words[1])] = new JournalRequest(words[2], words[3], words[4], Number(words[5]), Amounts(words, from: 6));
                break;
            case "S":
                Open.Remove(Number(words[1]));
                foreach (var (meter, amount) in Amounts(words, from: 2))
                {
                    Meters[meter].Spent += amount;
                }

                break;
            case "U":
                Add(new JournalUsage(Number(words[1]), words[2], words[3], words[4], [.. words.Skip(5).Select(Number)]));
                break;
            case "A":
                Acknowledge(words[1], Number(words[2]));
                break;
        }
    }

    public void Add(JournalUsage usage)
    {
        LastSerial = Math.Max(LastSerial, usage.Serial);
        Usage.Add(usage);
    }

    /// <summary>The books have a tenant's usage up to a number.</summary>
    public void Acknowledge(string tenant, long serial)
    {
        LastSerial = Math.Max(LastSerial, serial);
        Usage.RemoveAll(usage => usage.Tenant == tenant && usage.Serial <= serial);
    }

    /// <summary>Writes the same state in as few lines as it takes.</summary>
    public void AddTo(JournalText text)
    {
        foreach (var (number, meter) in Meters)
        {
            meter.AddTo(text, number);
        }

        foreach (var (id, request) in Open)
        {
            request.AddTo(text, id);
        }

        foreach (var usage in Usage)
        {
            usage.AddTo(text);
        }

        if (LastSerial > 0)
        {
            // Removes nothing, tells the number.
            text.Add('A').Add(' ').Add('-').Add(' ').Add(LastSerial).Add('\n');
        }
    }

    /// <summary>What closes this life of the gateway in the store: all that was settled, and what was reserved and never settled.</summary>
    public IEnumerable<StoreLine> ClosingLines(string tenant)
    {
        var orphaned = Open.Values.SelectMany(request => request.Claims).ToLookup(claim => claim.Meter, claim => claim.Amount);
        foreach (var (number, meter) in Meters.Where(meter => meter.Value.Tenant == tenant))
        {
            var charged = meter.IsBudget ? meter.Spent + orphaned[number].Sum() : 0;
            var rule = meter.IsBudget ? new MeterRule(MeterUnit.Tokens, MeterSpan.Month, meter.Limit) : new MeterRule(MeterUnit.Running, MeterSpan.Now, meter.Limit);
            yield return new StoreLine(meter.StoreKey, rule, DateTimeOffset.FromUnixTimeMilliseconds(meter.EndMilliseconds), charged, charged, charged, 0, 0);
        }
    }

    /// <summary>The usage that is not in the books yet. Requests that were never settled count with what they had reserved.</summary>
    public IReadOnlyList<JournalUsage> UsageWithOrphans()
    {
        // Numbered after everything else and in the order of their ids, so that a second replay gives the same numbers.
        var last = LastSerial;
        return
        [
            .. Usage,
            .. Open.OrderBy(request => request.Key).Select(request => request.Value)
                .Select(request => new JournalUsage(++last, request.Tenant, request.Day, request.Who, [1, 0, 0, 0, request.Tokens, 0, 0])),
        ];
    }

    private static (int, long)[] Amounts(string[] words, int from) =>
        [.. words.Skip(from).Select(word => word.Split(':')).Select(pair => ((int)Number(pair[0]), Number(pair[1])))];

    private static long Number(string word) => long.Parse(word, CultureInfo.InvariantCulture);
}

/// <summary>A meter of a journal, and what was settled on it.</summary>
internal sealed record JournalMeter(string StoreKey, string Tenant, bool IsBudget, long Limit, long EndMilliseconds)
{
    public long Spent { get; set; }

    public void AddTo(JournalText text, int number) => text
        .Add('M').Add(' ').Add(number).Add(' ').Add(IsBudget ? 'b' : 'r').Add(' ').Add(Limit).Add(' ').Add(EndMilliseconds)
        .Add(' ').Add(Tenant).Add(' ').Add(StoreKey).Add(' ').Add(Spent).Add('\n');
}

/// <summary>One line of usage, see <see cref="Usage.UsageBook"/>.</summary>
internal sealed record JournalUsage(long Serial, string Tenant, string Day, string Who, long[] Figures)
{
    public void AddTo(JournalText text)
    {
        text.Add('U').Add(' ').Add(Serial).Add(' ').Add(Tenant).Add(' ').Add(Day).Add(' ').Add(Who);
        foreach (var figure in Figures)
        {
            text.Add(' ').Add(figure);
        }

        text.Add('\n');
    }
}

/// <summary>A request that was let in.</summary>
internal sealed record JournalRequest(string Tenant, string Day, string Who, long Tokens, (int Meter, long Amount)[] Claims)
{
    public void AddTo(JournalText text, long id)
    {
        text.Add('O').Add(' ').Add(id).Add(' ').Add(Tenant).Add(' ').Add(Day).Add(' ').Add(Who).Add(' ').Add(Tokens);
        foreach (var (meter, amount) in Claims)
        {
            text.Add(' ').Add(meter).Add(':').Add(amount);
        }

        text.Add('\n');
    }
}

/// <summary>For whom a reservation is made, as the books name it.</summary>
/// <param name="Day">The day of the books.</param>
/// <param name="Who">Key, user and model, see <see cref="Usage.UsageBook"/>.</param>
/// <param name="Tokens">The upper bound.</param>
internal readonly record struct ReservedFor(string Day, string Who, long Tokens);
