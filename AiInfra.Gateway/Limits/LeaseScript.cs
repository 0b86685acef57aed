namespace AiInfra.Gateway.Limits;

/// <summary>
/// The store's half of the limits, run inside the store so that it is atomic. A meter is one hash with one field a gateway:
/// <c>version,granted,used,occupied</c>.
/// </summary>
/// <remarks>
/// Only HGETALL, HSET, HDEL and PEXPIRE, and keys of one tenant: it runs on Redis, on a cluster and on Garnet. Figures stay below 2^53,
/// where Lua's numbers are exact.
/// </remarks>
internal static class LeaseScript
{
    /// <summary>Arguments before the meters' own: gateway, version, gateways alive, number of dead, the dead.</summary>
    public const int FixedArguments = 4;

    /// <summary>Arguments of each meter: limit, used, occupied, keep, need, share, life in ms, whether it is a budget.</summary>
    public const int ArgumentsPerMeter = 8;

    /// <summary>The version that closes a gateway's part for good: nothing is newer.</summary>
    public const long Closed = 1L << 52;

    public const string Text = """
        local gateway, version, alive, deadCount = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
        local at = 4
        local dead = {}
        for i = 1, deadCount do dead[ARGV[at + i]] = true end
        at = at + deadCount
        local replies = {}
        for i = 1, #KEYS do
          local limit, used, occupied = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
          local keep, need, share = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
          local life, budget = ARGV[at + 7], ARGV[at + 8] == '1'
          at = at + 8
          local elsewhere, spent, mine, before, seen = 0, 0, 0, 0, -1
          local fields = redis.call('HGETALL', KEYS[i])
          for j = 1, #fields, 2 do
            local v, g, u = string.match(fields[j + 1], '^(%d+),(%d+),(%d+),%d+$')
            if fields[j] == gateway then
              seen, mine, before = tonumber(v), tonumber(g), tonumber(u)
            elseif dead[fields[j]] and not budget then
              -- What ran there has ended with it. Of a budget it stays: a dead gateway's part is a charge until its journal says less.
              redis.call('HDEL', KEYS[i], fields[j])
            else
              elsewhere, spent = elsewhere + tonumber(g), spent + tonumber(u)
            end
          end
          if version > seen then
            -- A gateway that has forgotten the meter, or never knew it, goes on from what is written here.
            if used < 0 then used, keep, occupied = before, keep + before, occupied + before end
            local room = limit - elsewhere - keep
            local granted = 0
            if room > 0 then
              granted = math.min(room, need)
              -- Half of an even part of what is left. A part smaller than one need is none: near the limit every reservation asks.
              local extra = math.min(share, math.floor((room - granted) / (2 * alive)))
              if extra >= need then granted = granted + extra end
            end
            mine = keep + granted
            redis.call('HSET', KEYS[i], gateway, string.format('%.0f,%.0f,%.0f,%.0f', version, mine, used, occupied))
            before = used
            redis.call('PEXPIRE', KEYS[i], life)
          end
          replies[i] = string.format('%.0f,%.0f,%.0f,%.0f', mine, before, elsewhere, spent)
        end
        return replies
        """;
}
