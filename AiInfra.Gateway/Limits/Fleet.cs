namespace AiInfra.Gateway.Limits;

/// <summary>
/// Tells living gateways from dead ones by whether their counters in the store move, on a clock of its own: no step of anybody's
/// calendar buries a living gateway.
/// </summary>
internal sealed class Fleet(string self, TimeSpan deadAfter)
{
    // Windows live a day in the store after their last change.
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(2);

    private readonly Dictionary<string, (long Count, TimeSpan Since)> _seen = [];

    /// <summary>Gateways that count in sharing, this one included.</summary>
    public int Alive { get; private set; } = 1;

    public IReadOnlyList<string> Dead { get; private set; } = [];

    /// <summary>Dead for so long that no meter in the store can hold a part of theirs any more.</summary>
    public IReadOnlyList<string> Gone { get; private set; } = [];

    /// <summary>Takes in the counters as they stand in the store.</summary>
    public void Observe(IEnumerable<KeyValuePair<string, long>> counters, TimeSpan now)
    {
        var present = new HashSet<string>();
        foreach (var (gateway, count) in counters)
        {
            present.Add(gateway);
            if (!_seen.TryGetValue(gateway, out var seen) || seen.Count != count)
            {
                _seen[gateway] = (count, now);
            }
        }

        foreach (var gone in _seen.Keys.Where(gateway => !present.Contains(gateway)).ToList())
        {
            _seen.Remove(gone);
        }

        Dead = [.. _seen.Where(gateway => gateway.Key != self && now - gateway.Value.Since >= deadAfter).Select(gateway => gateway.Key)];
        Gone = [.. Dead.Where(gateway => now - _seen[gateway].Since >= KeptFor)];
        // One that has been silent for a tenth of that is not counted in the sharing, though nothing of it is given away yet.
        Alive = Math.Max(1, _seen.Count(gateway => gateway.Key == self || now - gateway.Value.Since < deadAfter / 10));
    }
}
