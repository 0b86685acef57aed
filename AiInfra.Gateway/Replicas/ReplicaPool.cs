using System.Text.Json;
using AiInfra.Gateway.Routing;

namespace AiInfra.Gateway.Replicas;

/// <summary>The replicas of one discovery name. Who belongs to it is a snapshot, swapped whole when discovery changes.</summary>
internal sealed class ReplicaPool(string service, TimeProvider time)
{
    private volatile Replica[] _replicas = [];
    private volatile string? _authorization;

    /// <summary>The discovery name, for example <c>vllm</c>.</summary>
    public string Service { get; } = service;

    /// <summary>The whole <c>Authorization</c> value for the replicas, or null.</summary>
    public string? Authorization => _authorization;

    public IReadOnlyList<Replica> Replicas => _replicas;

    /// <summary>How many bytes of a prompt make a token of this model.</summary>
    public TokenRatio TokenRatio { get; } = new();

    /// <summary>True when a replica lists a model that has a parent.</summary>
    public bool HasAdapters { get; private set; }

    public void SetApiKey(string? apiKey) => _authorization = string.IsNullOrEmpty(apiKey) ? null : $"Bearer {apiKey}";

    /// <summary>Takes over what discovery says. A replica that stays keeps its state.</summary>
    public void Update(IReadOnlyCollection<Uri> addresses)
    {
        var known = _replicas;
        if (known.Length == addresses.Count && known.All(replica => addresses.Contains(replica.Address)))
        {
            return;
        }

        _replicas = [.. addresses.Distinct().Select(address => known.FirstOrDefault(replica => replica.Address == address) ?? new Replica(address, time))];
    }

    /// <summary>How many replicas may take requests.</summary>
    public int CountAvailable()
    {
        var count = 0;
        foreach (var replica in _replicas)
        {
            count += replica is { IsDraining: false, State: not ReplicaState.Ejected } ? 1 : 0;
        }

        return count;
    }

    /// <summary>What the replicas say of a model in <c>/v1/models</c>; null while none has answered.</summary>
    public JsonElement? FindCard(string servedName)
    {
        foreach (var replica in _replicas)
        {
            if (replica.Cards.TryGetValue(servedName, out var card))
            {
                return card;
            }
        }

        return null;
    }

    /// <summary>The adapter of this name, when a replica lists it.</summary>
    public string? FindAdapter(ReadOnlySpan<char> name)
    {
        foreach (var replica in _replicas)
        {
            foreach (var (listed, card) in replica.Cards)
            {
                if (name.SequenceEqual(listed) && IsAdapter(card))
                {
                    return listed;
                }
            }
        }

        return null;
    }

    /// <summary>Notes whether any replica has adapters, so that an unknown name is looked for only then.</summary>
    public void NoteCards() => HasAdapters = _replicas.Any(replica => replica.Cards.Values.Any(IsAdapter));

    private static bool IsAdapter(JsonElement card) => card.TryGetProperty("parent", out var parent) && parent.ValueKind == JsonValueKind.String;
}
