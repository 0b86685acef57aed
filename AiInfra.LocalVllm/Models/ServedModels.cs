using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Models;

/// <summary>The names that requests may use: the model's, its aliases, and LoRA adapters.</summary>
internal sealed class ServedModels(ServeSettings settings, EngineModel model, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Adapter> _adapters = new(
        settings.LoraModules.Select((module, index) => KeyValuePair.Create(module.Key, new Adapter(module.Key, module.Value, index))));

    /// <summary>The name in replies.</summary>
    public string Primary => settings.Names[0];

    public IEnumerable<Adapter> Adapters => _adapters.Values.OrderBy(adapter => adapter.Order);

    /// <summary>Looks a request's model name up; null and the empty name stand for the model itself.</summary>
    /// <returns>The adapter that it names, or null for the model.</returns>
    /// <exception cref="ApiError">404: there is no such model.</exception>
    public string? Resolve(string? name)
    {
        if (string.IsNullOrEmpty(name) || settings.Names.Contains(name))
        {
            return null;
        }

        if (_adapters.ContainsKey(name))
        {
            return name;
        }

        throw ApiError.NotFound($"The model `{name}` does not exist. Valid aliases: {string.Join(", ", settings.Names)}.", "model");
    }

    /// <summary>The name that a reply carries.</summary>
    public string NameFor(string? adapter) => adapter ?? Primary;

    public bool TryAdd(string name, string path) => _adapters.TryAdd(name, new Adapter(name, path, _adapters.Count));

    public bool Knows(string name) => _adapters.ContainsKey(name);

    public bool TryRemove(string name) => _adapters.TryRemove(name, out _);

    public void Map(RouteTable routes) => routes.Map("GET", "/v1/models", context => Replies.JsonAsync(context, 200, Write));

    private void Write(Utf8JsonWriter json)
    {
        var created = time.GetUtcNow().ToUnixTimeSeconds();
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (var name in settings.Names)
        {
            WriteModel(json, name, settings.Model, null, created);
        }

        foreach (var adapter in Adapters)
        {
            WriteModel(json, adapter.Name, adapter.Path, Primary, created);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteModel(Utf8JsonWriter json, string id, string root, string? parent, long created)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", "model");
        json.WriteNumber("created", created);
        json.WriteString("owned_by", model.OwnedBy);
        json.WriteString("root", root);
        json.WriteString("parent", parent);
        if (parent is null)
        {
            json.WriteNumber("max_model_len", model.MaxModelLength);
        }
        else
        {
            json.WriteNull("max_model_len");
        }

        json.WriteStartArray("permission");
        json.WriteStartObject();
        json.WriteString("id", $"modelperm-{RandomNumberGenerator.GetHexString(16, lowercase: true)}");
        json.WriteString("object", "model_permission");
        json.WriteNumber("created", created);
        json.WriteBoolean("allow_create_engine", false);
        json.WriteBoolean("allow_sampling", true);
        json.WriteBoolean("allow_logprobs", true);
        json.WriteBoolean("allow_search_indices", false);
        json.WriteBoolean("allow_view", true);
        json.WriteBoolean("allow_fine_tuning", false);
        json.WriteString("organization", "*");
        json.WriteNull("group");
        json.WriteBoolean("is_blocking", false);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("notice", model.Notice);
        json.WriteEndObject();
    }

    /// <summary>A LoRA adapter served under a name of its own.</summary>
    internal sealed record Adapter(string Name, string Path, int Order);
}
