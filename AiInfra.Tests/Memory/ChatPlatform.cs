using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiInfra.Tests.Fixtures;
using AiInfra.Tests.Gateway;

namespace AiInfra.Tests.Memory;

/// <summary>A gateway, a scripted replica behind it that keeps what reaches it, and the memory service as a process of its own.</summary>
public sealed class ChatPlatform : IAsyncLifetime
{
    public const string ReaderKey = "sk-reader-0123456789abcdef";

    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _memory;

    internal GatewayServer Gateway { get; private set; } = null!;

    internal ScriptedVllm Replica { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var memory = new Uri($"http://127.0.0.1:{FreePorts.Next()}");
        Replica = await ScriptedVllm.StartAsync();
        Gateway = await GatewayServer.StartAsync(
            [Replica],
            $"--services:memory:http:0={memory.GetLeftPart(UriPartial.Authority)}", $"--Tokens:SigningKey={GatewayServer.NewSigningKey()}",
            // The first search of a process waits for its model; no test here is about the limit.
            "--Augmentation:Timeout=00:01:00",
            "--Access:Policies:default:Endpoints:0=*", "--Access:Policies:default:Models:0=*", "--Access:Policies:default:ActFor=true",
            "--Access:Policies:default:Memory:0=read", "--Access:Policies:default:Memory:1=write",
            "--Access:Policies:reader:Endpoints:0=*", "--Access:Policies:reader:Models:0=*", "--Access:Policies:reader:ActFor=true",
            "--Access:Policies:reader:Memory:0=read", "--Access:Policies:reader:ChatMemory=read",
            "--Gateway:Keys:1:Id=reader", $"--Gateway:Keys:1:Key={ReaderKey}", "--Gateway:Keys:1:Policy=reader");
        // A busy machine takes its time with the first run of the model; no test here is about that.
        Gateway.Client.Timeout = TimeSpan.FromMinutes(3);
        _memory = await ServerProcess.StartProjectAsync(
            "AiInfra.MemoryService",
            ["--contentRoot", Path.GetDirectoryName(RepositoryPaths.Assembly("AiInfra.MemoryService"))!],
            new Dictionary<string, string>
            {
                ["ASPNETCORE_URLS"] = memory.ToString(),
                ["Memory__DataFolder"] = _folder.At("memory"),
                ["Embeddings__ModelFolder"] = RepositoryPaths.Models("all-minilm-l6-v2"),
                ["services__gateway__internal__0"] = $"http://localhost:{Gateway.InternalPort}",
            },
            new Uri(memory, "alive"),
            TestContext.Current.CancellationToken);
    }

    /// <summary>Sends as this end user, and gives the answer with what the replica got.</summary>
    internal async Task<(HttpResponseMessage Response, string Seen)> AskAsync(string user, string path, string body, params (string Name, string Value)[] headers)
    {
        Replica.Requests.Clear();
        var response = await SendAsync(user, HttpMethod.Post, path, body, headers);
        return (response, Replica.Requests.LastOrDefault()?.Text ?? "");
    }

    internal Task<(HttpResponseMessage Response, string Seen)> ChatAsync(string user, string mode, params (string Role, string Content)[] messages) =>
        AskAsync(user, "/v1/chat/completions", Body(messages), ("x-aiinfra-memory", mode));

    internal static string Body(params (string Role, string Content)[] messages) =>
        $$"""{"model":"tiny","messages":[{{string.Join(',', messages.Select(message => $$"""{"role":"{{message.Role}}","content":{{JsonValue.Create(message.Content).ToJsonString()}}}"""))}}]}""";

    internal async Task<string> StoreAsync(string user, object memory)
    {
        using var response = await SendAsync(user, HttpMethod.Post, "/v1/memories", JsonContent.Create(memory));
        response.EnsureSuccessStatusCode();
        return (string)(await response.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken))!["id"]!;
    }

    internal async Task<List<JsonObject>> ListAsync(string user)
    {
        using var response = await SendAsync(user, HttpMethod.Get, "/v1/memories");
        response.EnsureSuccessStatusCode();
        var page = await response.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken);
        return [.. page!["memories"]!.AsArray().Select(memory => memory!.AsObject())];
    }

    internal Task<HttpResponseMessage> SendAsync(string user, HttpMethod method, string path, string body, params (string Name, string Value)[] headers) =>
        SendAsync(user, method, path, GatewayServer.Json(body), headers);

    internal Task<HttpResponseMessage> SendAsync(string user, HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Add("x-aiinfra-user", user);
        foreach (var (name, value) in headers)
        {
            request.Headers.Remove(name);
            request.Headers.Add(name, value);
        }

        return Gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Replica.DisposeAsync();
        if (_memory is not null)
        {
            await _memory.DisposeAsync();
        }

        _folder.Dispose();
    }
}
