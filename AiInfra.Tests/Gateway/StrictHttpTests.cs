namespace AiInfra.Tests.Gateway;

public sealed class StrictHttpTests
{
    private const string Body = """{"model":"tiny","messages":[]}""";
    private const string Smuggled = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + GatewayServer.Key + "\r\nContent-Length: 30\r\n\r\n" + Body;

    /// <summary>Everything after the request line and the ordinary headers.</summary>
    public static TheoryData<string, string> Ambiguous => new()
    {
        { "length and chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "chunked and length", "Transfer-Encoding: chunked\r\nContent-Length: 30\r\n\r\n0\r\n\r\n" },
        { "two lengths", "Content-Length: 30\r\nContent-Length: 31\r\n\r\n" + Body },
        { "the same length twice", "Content-Length: 30\r\nContent-Length: 30\r\n\r\n" + Body },
        { "a list of lengths", "Content-Length: 30, 30\r\n\r\n" + Body },
        { "a hexadecimal length", "Content-Length: 0x1e\r\n\r\n" + Body },
        { "a length with a sign", "Content-Length: +30\r\n\r\n" + Body },
        { "a negative length", "Content-Length: -1\r\n\r\n" + Body },
        { "another transfer coding", "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n" },
        { "a chain of codings", "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" },
        { "chunked twice", "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" },
        { "chunked in two headers", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" },
        { "a misspelt coding", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" },
        { "a coding behind a tab", "Transfer-Encoding:\tchunked, identity\r\n\r\n0\r\n\r\n" },
        { "a blank before the colon", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" },
        { "a folded header", "X-Folded: a\r\n b\r\nContent-Length: 30\r\n\r\n" + Body },
        { "a bare LF after a header", "X-Bare: a\nContent-Length: 30\r\n\r\n" + Body },
        { "a bare LF at the end", "Content-Length: 30\r\n\n" + Body },
        { "a bare CR in a header", "X-Bare: a\rb\r\nContent-Length: 30\r\n\r\n" + Body },
        { "a NUL in a header", "X-Nul: a\0b\r\nContent-Length: 30\r\n\r\n" + Body },
        { "a header without a colon", "Nonsense\r\nContent-Length: 30\r\n\r\n" + Body },
        { "a second host", "Host: localhost\r\nContent-Length: 30\r\n\r\n" + Body },
        { "a chunk size that is no number", "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + Body + "\r\n0\r\n\r\n" },
        { "a chunk with a bare LF", "Transfer-Encoding: chunked\r\n\r\n1e\n" + Body + "\r\n0\r\n\r\n" },
        { "a chunk extension with a bare LF", "Transfer-Encoding: chunked\r\n\r\n1e;a\nb\r\n" + Body + "\r\n0\r\n\r\n" },
        { "a chunk longer than it says", "Transfer-Encoding: chunked\r\n\r\n5\r\n" + Body + "\r\n0\r\n\r\n" },
        { "a chunk size that overflows", "Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n" + Body + "\r\n0\r\n\r\n" },
    };

    [Theory]
    [MemberData(nameof(Ambiguous))]
    public async Task A_request_that_can_be_read_in_two_ways_is_refused_and_the_connection_closed(string what, string rest)
    {
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);

        foreach (var port in new[] { gateway.PublicPort, gateway.InternalPort, gateway.AdminPort })
        {
            var path = port == gateway.PublicPort ? "/v1/chat/completions" : "/.well-known/jwks.json";
            var answer = await RawHttp.SendAsync(
                port, $"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {GatewayServer.Key}\r\n{rest}{Smuggled}");

            var isChunk = what.Contains("chunk ", StringComparison.Ordinal);
            // Only the endpoint that reads the body can see that it is broken; the others close before it.
            Assert.True(
                answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal) || (isChunk && port != gateway.PublicPort), $"{what}: {answer}");
            Assert.True(answer.Split("HTTP/1.1 ").Length == 2, $"{what}: a second answer followed: {answer}");
        }

        Assert.Empty(replica.Requests);
    }

    [Theory]
    [InlineData("GET http://elsewhere/v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n", "400")]
    [InlineData("CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n", "400")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "400")]
    [InlineData("GET /v1/models HTTP/1.1\r\n\r\n", "400")]
    [InlineData("GET /v1/models HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n\r\n", "403")]
    [InlineData("GET /v1/models HTTP/1.1\r\nHost: localhost.attacker.example\r\nConnection: close\r\n\r\n", "403")]
    [InlineData("GET /v1/models HTTP/1.1\r\nHost: localhost\r\nOrigin: https://attacker.example\r\nConnection: close\r\n\r\n", "403")]
    [InlineData("GET /v1/models HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\nConnection: close\r\n\r\n", "403")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "")]
    [InlineData("GET /v1/models HTTP/9.9\r\nHost: localhost\r\n\r\n", "505")]
    [InlineData("GET /v1/models\r\nHost: localhost\r\n\r\n", "505")]
    public async Task Odd_targets_and_foreign_names_are_refused_on_every_listener(string request, string status)
    {
        await using var gateway = await GatewayServer.StartAsync([]);

        foreach (var port in new[] { gateway.PublicPort, gateway.InternalPort, gateway.AdminPort })
        {
            var answer = await RawHttp.SendAsync(port, request);

            Assert.StartsWith(status.Length == 0 ? "" : $"HTTP/1.1 {status}", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("200 OK", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Names_of_this_service_and_addresses_pass()
    {
        await using var gateway = await GatewayServer.StartAsync([], "--Hosts:Allowed:0=ai.example", "--Hosts:Origins:0=https://console.example");

        foreach (var headers in new[]
        {
            "Host: ai.example", "Host: AI.EXAMPLE:8080", "Host: 127.0.0.1", "Host: [::1]:80", "Host: 192.168.1.9",
            "Host: localhost\r\nOrigin: https://console.example", "Host: localhost\r\nOrigin: http://localhost:3000",
        })
        {
            var answer = await RawHttp.SendAsync(
                gateway.PublicPort, $"GET /v1/models HTTP/1.1\r\n{headers}\r\nAuthorization: Bearer {GatewayServer.Key}\r\nConnection: close\r\n\r\n");

            Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Oversized_and_slow_headers_are_refused_and_the_connection_closed_on_every_listener()
    {
        await using var gateway = await GatewayServer.StartAsync([], "--Forwarding:RequestHeadersTimeout=00:00:00.500");

        foreach (var port in new[] { gateway.PublicPort, gateway.InternalPort, gateway.AdminPort })
        {
            var oversized = await RawHttp.SendAsync(port, $"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX-Big: {new string('a', 40_000)}\r\n\r\n");
            var slow = await RawHttp.SendAsync(port, "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX-Slow: a");

            Assert.StartsWith("HTTP/1.1 431", oversized, StringComparison.Ordinal);
            Assert.StartsWith("HTTP/1.1 408", slow, StringComparison.Ordinal);
        }
    }
}
