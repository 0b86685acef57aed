using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.SmolLm2;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.SmolLm2;

/// <summary>The embedded model, opened once for all tests of this folder, and what its parity files say.</summary>
public sealed class ModelFiles
{
    private static readonly Lazy<ByteLevelTokenizer> SharedTokenizer = new(() => new ByteLevelTokenizer(SharedFolder!.Value));
    private static readonly Lazy<ModelFolder> SharedFolder = new(() => ModelFolder.Open(Path));

    internal static string Path => RepositoryPaths.Models(ModelFolder.EmbeddedName);

    internal static ModelFolder Folder => SharedFolder.Value;

    internal static ByteLevelTokenizer Tokenizer => SharedTokenizer.Value;

    internal static JsonElement Json(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(System.IO.Path.Combine(Path, name))).RootElement;

    internal static int[] Ints(JsonElement parent, string name) => [.. parent.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    internal static ChatTurn[] Turns(JsonElement prompt) =>
    [
        .. prompt.GetProperty("messages").EnumerateArray()
            .Select(message => new ChatTurn(message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!)),
    ];
}
