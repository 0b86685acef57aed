using System.Text.Json;
using System.Text.Json.Serialization;

namespace AiInfra.Gateway.Policies;

/// <summary>The document as JSON: the names of the options in camel case; unknown ones are refused, so that a misspelt limit is no limit lost.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    PreferredObjectCreationHandling = JsonObjectCreationHandling.Populate, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AccessOptions))]
internal sealed partial class AccessJson : JsonSerializerContext;
