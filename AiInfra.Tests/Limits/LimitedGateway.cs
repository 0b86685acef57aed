using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Usage;
using AiInfra.Tests.Gateway;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.Tests.Limits;

/// <summary>A gateway with a tenant of its own in a shared Redis, and a replica that tells its usage as vLLM does.</summary>
internal sealed class LimitedGateway : IAsyncDisposable
{
    private readonly DirectoryInfo _journals;

    private LimitedGateway(ScriptedVllm replica, GatewayServer server, DirectoryInfo journals, string tenant) =>
        (Replica, Server, _journals, Tenant) = (replica, server, journals, tenant);

    public ScriptedVllm Replica { get; }

    public GatewayServer Server { get; }

    public string Tenant { get; }

    public static string Everything(string policy = "default") => $"--Access:Policies:{policy}:Endpoints:0=*";

    public static async Task<LimitedGateway> StartAsync(RedisServer redis, params string[] settings)
    {
        var tenant = $"t{Guid.NewGuid():n}";
        var replica = await ScriptedVllm.StartAsync();
        replica.Script = StreamAsync;
        var journals = Directory.CreateTempSubdirectory("aiinfra-journals-");
        var server = await GatewayServer.StartAsync([replica],
        [
            $"--ConnectionStrings:redis={redis.ConnectionString}", $"--Limits:JournalFolder={journals.FullName}", $"--Gateway:Keys:0:Tenant={tenant}",
            "--Keys:Pepper=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            Everything(), "--Access:Policies:default:Models:0=*", "--Access:Policies:default:Memory:0=read", .. settings,
        ]);
        // Until the issued keys were read once, an unknown key is answered by 503.
        while (!server.App.Services.GetRequiredService<IdentityWorker>().IsReady)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        return new LimitedGateway(replica, server, journals, tenant);
    }

    /// <summary>Ten tokens after a prompt of five, with continuous usage where it was asked for.</summary>
    public static async Task StreamAsync(Microsoft.AspNetCore.Http.HttpContext context, ScriptedRequest request)
    {
        if (!request.Text.Contains("\"stream\":true", StringComparison.Ordinal))
        {
            await ScriptedVllm.AnswerAsVllm(context, request);
            return;
        }

        var isContinuous = request.Text.Contains("\"continuous_usage_stats\":true", StringComparison.Ordinal);
        for (var token = 1; token <= 10; token++)
        {
            await ScriptedVllm.WriteFrameAsync(context, Frame(token, isContinuous));
        }

        if (request.Text.Contains("\"include_usage\":true", StringComparison.Ordinal))
        {
            await ScriptedVllm.WriteFrameAsync(context, LastFrame);
        }

        await ScriptedVllm.WriteFrameAsync(context, "[DONE]");
    }

    public const string LastFrame =
        """{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"tiny","choices":[],"usage":{"prompt_tokens":5,"total_tokens":15,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":3}}}""";

    public static string Frame(int token, bool withUsage) =>
        ScriptedVllm.Chunk($"w{token}", token == 10 ? "\"stop\"" : "null")[..^1]
        + (withUsage ? $$$""","usage":{"prompt_tokens":5,"total_tokens":{{{token + 5}}},"completion_tokens":{{{token}}},"completion_tokens_details":null}}""" : "}");

    /// <summary>The tenant's books of today, once everything that was settled has arrived.</summary>
    public async Task<UsageRow> BooksAsync()
    {
        var usage = Server.App.Services.GetRequiredService<UsageBook>();
        for (var attempt = 0; attempt < 200; attempt++)
        {
            if (await usage.ReadAsync(Tenant, DateOnly.FromDateTime(DateTime.UtcNow)) is [var row, ..])
            {
                return row;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        throw new InvalidOperationException("Nothing came to the books.");
    }

    /// <summary>What is charged to a meter of the tenant, by every gateway, once its reservations are settled.</summary>
    public async Task<long> ChargedAsync(RedisServer redis, string meter)
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            var keys = redis.Connection.GetServers()[0].Keys(pattern: $"aiinfra:{{{Tenant}}}:meter:{meter}*").ToList();
            var parts = keys.Count == 0 ? [] : (await redis.Connection.GetDatabase().HashGetAllAsync(keys[0])).Select(part => ((string)part.Value!).Split(',')).ToList();
            if (parts.Count > 0 && parts.TrueForAll(part => part[2] == part[3]) && parts.Sum(part => long.Parse(part[2])) is > 0 and var used)
            {
                return used;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        throw new InvalidOperationException($"Nothing was charged to {meter}.");
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Replica.DisposeAsync();
        _journals.Delete(recursive: true);
    }
}
