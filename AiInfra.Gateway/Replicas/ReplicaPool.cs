using System.Text.Json;

namespace AiInfra.Gateway.Replicas;

/// <summary>The replicas of one discovery name. Who serves is a snapshot, swapped whole when discovery changes.</summary>
internal sealed class ReplicaPool(string service, string? apiKey)
{
    private volatile Replica[] _replicas = [];

    /// <summary>The discovery name, for example <c>vllm</c>.</summary>
    public string Service { get; } = service;

    /// <summary>The whole <c>Authorization</c> value for the replicas, or null.</summary>
    public string? Authorization { get; } = string.IsNullOrEmpty(apiKey) ? null : $"Bearer {apiKey}";

    public IReadOnlyList<Replica> Replicas => _replicas;

    /// <summary>Takes over what discovery says. A replica that stays keeps its state.</summary>
    public void Update(IReadOnlyCollection<Uri> addresses)
    {
        var known = _replicas;
        _replicas = [.. addresses.Distinct().Select(address => known.FirstOrDefault(replica => replica.Address == address) ?? new Replica(address))];
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
}
