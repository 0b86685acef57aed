using System.Globalization;
using StackExchange.Redis;

namespace AiInfra.Gateway.Limits;

/// <summary>Carries a ledger's messages to Redis and its answers back.</summary>
internal sealed class LeaseStore(IConnectionMultiplexer redis)
{
    // A budget can be read for a while after its period; of windows a day is kept, so that a step of the server's clock frees nothing.
    private static readonly TimeSpan KeptAfterPeriod = TimeSpan.FromDays(40);
    private static readonly TimeSpan KeptWindow = TimeSpan.FromDays(1);

    /// <returns>One grant for each line of the message, in its order.</returns>
    public async Task<List<StoreGrant>> RunAsync(string gateway, int alive, IReadOnlyList<string> dead, StoreMessage message, DateTimeOffset utc)
    {
        var keys = new RedisKey[message.Lines.Count];
        var values = new List<RedisValue>(LeaseScript.FixedArguments + dead.Count + (keys.Length * LeaseScript.ArgumentsPerMeter))
        {
            gateway, message.Version, alive, dead.Count,
        };
        values.AddRange(dead.Select(name => (RedisValue)name));
        for (var i = 0; i < keys.Length; i++)
        {
            var line = message.Lines[i];
            keys[i] = line.StoreKey;
            var life = line.Rule.IsBudget ? line.PeriodEnd - utc + KeptAfterPeriod : KeptWindow;
            values.AddRange(
                [line.Rule.Limit, line.Used, line.Occupied, line.Keep, line.Need, line.Share,
                    (long)Math.Max(life.TotalMilliseconds, KeptWindow.TotalMilliseconds), line.Rule.IsBudget ? 1 : 0]);
        }

        var replies = (RedisResult[])(await redis.GetDatabase().ScriptEvaluateAsync(LeaseScript.Text, keys, [.. values]))!;
        var grants = new List<StoreGrant>(keys.Length);
        for (var i = 0; i < replies.Length; i++)
        {
            var figures = ((string)replies[i]!).Split(',');
            grants.Add(new StoreGrant(message.Lines[i].StoreKey, Figure(figures[0]), Figure(figures[1]), Figure(figures[2]), Figure(figures[3])));
        }

        return grants;
    }

    private static long Figure(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
