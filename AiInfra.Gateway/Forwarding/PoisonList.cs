using System.Collections.Concurrent;
using System.Security.Cryptography;
using AiInfra.Gateway.Replicas;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Forwarding;

/// <summary>
/// Requests in whose company engines died. One that was there twice is not tried a third time, however often its caller repeats it.
/// Only hashes of bodies are kept, a bounded number of them, for ten minutes.
/// </summary>
internal sealed class PoisonList(IOptions<ForwardingOptions> options, TimeProvider time)
{
    private const int MaxKept = 4096;
    private const int MaxDeaths = 2;
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<UInt128, Deaths> _deaths = new();

    /// <summary>True when two engines died while this request ran on them.</summary>
    public bool Holds(ReadOnlySpan<byte> body) =>
        !_deaths.IsEmpty && _deaths.TryGetValue(Fingerprint(body), out var deaths) && deaths.Engines.Length >= MaxDeaths && !IsOld(deaths);

    /// <summary>Watches a replica that failed a request: if its engine turns out to be gone, that counts against the request, once.</summary>
    /// <param name="fingerprint">The request.</param>
    /// <param name="replica">Where it ran.</param>
    /// <param name="life">Which life of the replica it ran in.</param>
    /// <param name="cancellationToken">The gateway stops.</param>
    public async Task WatchAsync(UInt128 fingerprint, Replica replica, int life, CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; waited < options.Value.DeathWatch; waited += Step)
        {
            if (replica.Life != life)
            {
                Count(fingerprint, (replica.Id, life));
                return;
            }

            await Task.Delay(Step, time, cancellationToken);
        }
    }

    public static UInt128 Fingerprint(ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    private void Count(UInt128 fingerprint, (string Replica, int Life) death)
    {
        var now = time.GetUtcNow();
        if (_deaths.Count >= MaxKept)
        {
            foreach (var (old, deaths) in _deaths)
            {
                if (IsOld(deaths))
                {
                    _deaths.TryRemove(old, out _);
                }
            }

            if (_deaths.Count >= MaxKept)
            {
                _deaths.Clear();
            }
        }

        // Many callers may have sent the same, and one engine died but once.
        _deaths.AddOrUpdate(
            fingerprint, _ => new Deaths([death], now), (_, known) => new Deaths(IsOld(known) ? [death] : [.. known.Engines.Append(death).Distinct().Take(MaxDeaths)], now));
    }

    private bool IsOld(Deaths deaths) => time.GetUtcNow() - deaths.Last > Memory;

    private sealed record Deaths((string Replica, int Life)[] Engines, DateTimeOffset Last);
}
