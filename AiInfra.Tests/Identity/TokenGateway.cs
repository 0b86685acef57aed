using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using AiInfra.Tests.Gateway;
using Microsoft.Extensions.Configuration;
using Microsoft.IdentityModel.JsonWebTokens;

namespace AiInfra.Tests.Identity;

/// <summary>A gateway with three clients at its token service, of which only <c>memory</c> may act for others.</summary>
internal sealed class TokenGateway : IAsyncDisposable
{
    public const string Secret = "secret-of-a-service-0123456789abcdef";

    private TokenGateway(ScriptedVllm replica, GatewayServer server) => (Replica, Server) = (replica, server);

    public ScriptedVllm Replica { get; }

    public GatewayServer Server { get; }

    public static async Task<TokenGateway> StartAsync(params string[] settings)
    {
        var replica = await ScriptedVllm.StartAsync();
        return new TokenGateway(replica, await GatewayServer.StartAsync([replica],
        [
            $"--Tokens:SigningKey={GatewayServer.NewSigningKey()}",
            "--Gateway:Keys:0:Tenant=team-a", "--Gateway:Keys:0:User=ann",
            .. Client(0, "memory", mayAct: true), .. Client(1, "reporter", mayAct: false), .. Client(2, "other", mayAct: true), .. settings,
        ]));
    }

    /// <summary>Asks the token endpoint.</summary>
    public async Task<(int Status, JsonNode Answer)> AskAsync(string client, string secret, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/connect/token")
        {
            Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value))),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{client}:{secret}")));
        using var response = await Server.Internal.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }

    /// <summary>Changes settings while the gateway runs.</summary>
    public static void Configure(GatewayServer server, params (string Name, string? Value)[] settings) =>
        ((IConfigurationBuilder)server.App.Configuration).AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value)));

    public static JsonWebToken Read(string token) => new(token);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Replica.DisposeAsync();
    }

    private static string[] Client(int i, string name, bool mayAct) =>
    [
        $"--Tokens:Clients:{i}:Id={name}", $"--Tokens:Clients:{i}:Secret={Secret}", $"--Tokens:Clients:{i}:MayAct={mayAct}",
        $"--Tokens:Clients:{i}:Audiences:0=gateway", $"--Tokens:Clients:{i}:Audiences:1=memory",
    ];
}
