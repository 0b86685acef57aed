using System.Text;
using System.Text.Json;

namespace AiInfra.Tests.Gateway;

public sealed class HostileBodyTests
{
    private const string Good = """{"model":"tiny","messages":[{"role":"user","content":"Hi \u00e9"}],"stream":false,"n":1}""";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Bodies => new()
    {
        { "empty", "" },
        { "null", "null" },
        { "an array", "[]" },
        { "a string", "\"x\"" },
        { "truncated", Good[..40] },
        { "two objects", Good + Good },
        { "a trailing word", Good + " x" },
        { "a comment", "{/* */\"model\":\"tiny\"}" },
        { "a trailing comma", """{"model":"tiny",}""" },
        { "NaN", """{"model":"tiny","temperature":NaN}""" },
        { "the model twice", """{"model":"tiny","messages":[],"model":"tiny"}""" },
        { "the model twice, once in escapes", """{"model":"tiny","messages":[],"mod\u0065l":"other"}""" },
        { "a model that is a number", """{"model":7}""" },
        { "a model that is an object", """{"model":{"model":"tiny"}}""" },
        { "a model with half a surrogate", """{"model":"\ud800"}""" },
        { "a name with half a surrogate", """{"model":"tiny","\ud800":1}""" },
        { "too deep", $$"""{"model":"tiny","x":{{new string('[', 2000)}}{{new string(']', 2000)}}}""" },
        { "a very long model", $$"""{"model":"{{new string('m', 100_000)}}"}""" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_malformed_body_is_refused_in_OpenAIs_shape(string what, string body)
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);

        await AssertRefusedAsync(gateway, Encoding.UTF8.GetBytes(body), what);

        Assert.Empty(replica.Requests);
    }

    [Fact]
    public async Task Invalid_UTF8_is_refused()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);
        var body = Encoding.UTF8.GetBytes(Good);
        body[60] = 0xFF;

        await AssertRefusedAsync(gateway, body, "invalid UTF-8");

        Assert.Empty(replica.Requests);
    }

    [Theory]
    [InlineData("n", "\"n\":100000")]
    [InlineData("n", "\"prompt\":[\"a\",\"b\"],\"n\":200")]
    [InlineData("response_format", "\"structured_outputs\":{\"regex\":\"LONG\"}")]
    [InlineData("response_format", "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"x\":\"LONG\"}}")]
    [InlineData("stop", "\"stop\":[\"LONG\"]")]
    public async Task What_costs_an_engine_too_much_is_refused(string param, string field)
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);

        using var response = await gateway.PostAsync("/v1/completions", $$"""{"model":"tiny",{{field.Replace("LONG", new string('a', 70_000), StringComparison.Ordinal)}}}""");
        using var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled));

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(param, error.RootElement.GetProperty("error").GetProperty("param").GetString());
        Assert.Empty(replica.Requests);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413()
    {
        await using var gateway = await GatewayServer.StartAsync([], "--Forwarding:MaxRequestBodyBytes=4096");

        using var response = await gateway.PostAsync("/v1/chat/completions", $$"""{"model":"tiny","x":"{{new string('x', 5000)}}"}""");

        Assert.Equal(413, (int)response.StatusCode);
        Assert.Contains("request_too_large", await response.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bodies_with_random_damage_are_forwarded_or_refused_but_never_break_the_gateway()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);
        var random = new Random(20261124);
        for (var round = 0; round < 400; round++)
        {
            var body = Encoding.UTF8.GetBytes(Good);
            for (var damage = random.Next(1, 4); damage > 0; damage--)
            {
                body[random.Next(body.Length)] = (byte)random.Next(256);
            }

            using var response = await PostAsync(gateway, body[..random.Next(body.Length / 2, body.Length + 1)]);

            var text = await response.Content.ReadAsStringAsync(Cancelled);
            Assert.True((int)response.StatusCode is 200 or (>= 400 and < 500), $"round {round}: {(int)response.StatusCode} {text}");
        }
    }

    private static async Task AssertRefusedAsync(GatewayServer gateway, byte[] body, string what)
    {
        using var response = await PostAsync(gateway, body);
        var text = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.True((int)response.StatusCode is 400 or 404, $"{what}: {(int)response.StatusCode} {text}");
        using var document = JsonDocument.Parse(text);
        Assert.NotEqual("", document.RootElement.GetProperty("error").GetProperty("message").GetString());
    }

    private static Task<HttpResponseMessage> PostAsync(GatewayServer gateway, byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        return gateway.Client.PostAsync("/v1/chat/completions", content, Cancelled);
    }
}
