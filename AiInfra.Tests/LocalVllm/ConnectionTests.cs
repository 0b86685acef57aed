using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace AiInfra.Tests.LocalVllm;

/// <summary>What a connection does beside carrying one request and its reply.</summary>
public sealed class ConnectionTests
{
    private const string Flags = "--served-model-name small --engine-option step-ms=20";
    private static readonly byte[] Version = "GET /version HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connection_that_idles_for_five_seconds_is_closed_without_notice()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        using var client = await ConnectAsync(server);
        await client.GetStream().WriteAsync(Version, Token);
        Assert.Equal(200, (await RawExchange.ReadAsync(client.GetStream(), headOnly: false, Token))!.Status);
        var began = Stopwatch.GetTimestamp();

        var read = await client.GetStream().ReadAsync(new byte[1], Token);

        Assert.Equal(0, read);
        // A busy machine closes it later; sooner would be another rule than vLLM's.
        Assert.True(Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(4.5), $"{Stopwatch.GetElapsedTime(began)}");
    }

    [Fact]
    public async Task Requests_sent_in_one_write_are_answered_in_their_order()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        using var client = await ConnectAsync(server);
        var health = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();
        var chat = RawExchange.Post("/v1/chat/completions", new { messages = new[] { new { role = "user", content = "Hi" } }, max_tokens = 2 });

        await client.GetStream().WriteAsync((byte[])[.. Version, .. health, .. chat], Token);

        var replies = new List<RawReply?>();
        for (var i = 0; i < 3; i++)
        {
            replies.Add(await RawExchange.ReadAsync(client.GetStream(), headOnly: false, Token));
        }

        Assert.All(replies, reply => Assert.Equal(200, reply!.Status));
        Assert.Contains("\"version\"", replies[0]!.Text, StringComparison.Ordinal);
        Assert.Empty(replies[1]!.Body);
        Assert.Contains("chat.completion", replies[2]!.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_closes_its_half_is_dropped_without_an_answer(bool stream)
    {
        await using var server = await RunningServer.StartAsync(Flags);
        using var client = await ConnectAsync(server);
        await using var connection = client.GetStream();
        await connection.WriteAsync(RawExchange.Post("/v1/completions", new { prompt = "a", max_tokens = 3000, ignore_eos = true, stream }), Token);
        await server.UntilAsync("vllm:num_requests_running", 1);

        client.Client.Shutdown(SocketShutdown.Send);

        var text = await ReadToEndAsync(connection);
        await server.UntilAsync("vllm:num_requests_running", 0);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        Assert.True(stream || text.Length == 0, text);
        Assert.Equal(0, await server.MetricAsync("vllm:request_success_total"));
    }

    [Fact]
    public async Task A_stream_that_is_silent_for_the_interval_carries_comments()
    {
        await using var server = await RunningServer.StartAsync(Flags + " --sse-keep-alive-interval 1");
        await server.TroubleAsync(new { kind = "hang-engine" });
        using var client = await ConnectAsync(server);
        await using var connection = client.GetStream();
        await connection.WriteAsync(RawExchange.Post("/v1/completions", new { prompt = "a", max_tokens = 3, ignore_eos = true, stream = true }), Token);

        var silent = await ReadToAsync(connection, ": keep-alive\n\n");
        await server.TroubleAsync(new { kind = "none" });
        var spoken = await ReadToAsync(connection, "data: [DONE]\n\n");

        Assert.DoesNotContain("data: ", silent, StringComparison.Ordinal);
        Assert.Equal(4, spoken.Split("data: ").Length - 1);
    }

    [Fact]
    public async Task Without_the_interval_a_silent_stream_stays_silent()
    {
        await using var server = await RunningServer.StartAsync(Flags);
        await server.TroubleAsync(new { kind = "hang-engine" });
        var running = server.SendAsync(RawExchange.Post("/v1/completions", new { prompt = "a", max_tokens = 3, ignore_eos = true, stream = true }));
        await server.UntilAsync("vllm:num_requests_waiting", 1);
        await Task.Delay(TimeSpan.FromSeconds(1.5), Token);
        await server.TroubleAsync(new { kind = "none" });

        Assert.DoesNotContain(": keep-alive\n\n", (await running)!.Chunks!);
    }

    private static async Task<TcpClient> ConnectAsync(RunningServer server)
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, Token);
        return client;
    }

    private static Task<string> ReadToEndAsync(NetworkStream connection) => ReadToAsync(connection, end: null);

    private static async Task<string> ReadToAsync(NetworkStream connection, string? end)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await connection.ReadAsync(buffer, Token) is > 0 and var count)
            {
                text.Append(Encoding.UTF8.GetString(buffer, 0, count));
                if (end is not null && text.ToString().Contains(end, StringComparison.Ordinal))
                {
                    break;
                }
            }
        }
        catch (IOException)
        {
            // A reset ends it as well as an end does.
        }

        return text.ToString();
    }
}
