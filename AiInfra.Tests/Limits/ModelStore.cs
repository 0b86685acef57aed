using AiInfra.Gateway.Limits;

namespace AiInfra.Tests.Limits;

/// <summary>What <see cref="LeaseScript"/> does, in C#: for schedules in virtual time. Another test holds the two against each other.</summary>
internal sealed class ModelStore
{
    public Dictionary<string, Dictionary<string, Part>> Meters { get; } = [];

    public long Granted(string storeKey) => Meters.TryGetValue(storeKey, out var parts) ? parts.Values.Sum(part => part.Granted) : 0;

    public List<StoreGrant> Run(string gateway, int alive, IReadOnlySet<string> dead, StoreMessage message)
    {
        var replies = new List<StoreGrant>();
        foreach (var line in message.Lines)
        {
            if (!Meters.TryGetValue(line.StoreKey, out var parts))
            {
                Meters[line.StoreKey] = parts = [];
            }

            if (!line.Rule.IsBudget)
            {
                foreach (var name in parts.Keys.Where(name => name != gateway && dead.Contains(name)).ToList())
                {
                    parts.Remove(name);
                }
            }

            var others = parts.Where(part => part.Key != gateway).Select(part => part.Value).ToList();
            var (elsewhere, spent) = (others.Sum(part => part.Granted), others.Sum(part => part.Used));
            var mine = parts.GetValueOrDefault(gateway) ?? new Part(-1, 0, 0, 0);
            if (message.Version > mine.Version)
            {
                var before = line.Used < 0 ? mine.Used : 0;
                var keep = line.Keep + before;
                var room = line.Rule.Limit - elsewhere - keep;
                var granted = 0L;
                if (room > 0)
                {
                    granted = Math.Min(room, line.Need);
                    var extra = Math.Min(line.Share, (room - granted) / (2 * alive));
                    granted += extra >= line.Need ? extra : 0;
                }

                parts[gateway] = mine = new Part(message.Version, keep + granted, line.Used < 0 ? before : line.Used, line.Occupied + before);
            }

            replies.Add(new StoreGrant(line.StoreKey, mine.Granted, mine.Used, elsewhere, spent));
        }

        return replies;
    }

    internal sealed record Part(long Version, long Granted, long Used, long Occupied);
}
