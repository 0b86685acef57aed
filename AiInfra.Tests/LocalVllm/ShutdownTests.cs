using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.LocalVllm;

/// <summary>What happens to requests when the server is told to stop, as it was recorded with three settings of <c>--shutdown-timeout</c>.</summary>
public sealed class ShutdownTests
{
    private static readonly object Endless = new { prompt = "a", max_tokens = 4000, ignore_eos = true, stream = true };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_time_out_the_listener_closes_and_what_runs_ends_as_an_abort_that_looks_like_success()
    {
        await using var server = await StoppableServer.StartAsync("");
        var streamed = server.SendAsync(Endless);
        var plain = server.SendAsync(new { prompt = "a", max_tokens = 4000, ignore_eos = true });
        await server.UntilRunningAsync(2);

        await server.TerminateAsync();

        var frames = (await streamed)!.Chunks!;
        Assert.Contains("\"finish_reason\":\"abort\"", frames[^2], StringComparison.Ordinal);
        Assert.Equal("data: [DONE]\n\n", frames[^1]);
        Assert.Equal(200, (await plain)!.Status);
        Assert.Contains("\"finish_reason\":\"abort\"", (await plain)!.Text, StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => Task.FromResult(server.HasExited));
        Assert.True(await server.RefusesAsync());
    }

    [Fact]
    public async Task With_a_time_out_what_runs_completes_new_requests_get_500_and_health_says_200_all_the_while()
    {
        await using var server = await StoppableServer.StartAsync("--shutdown-timeout 60");
        var running = server.SendAsync(new { prompt = "a", max_tokens = 100, ignore_eos = true, stream = true });
        await server.UntilRunningAsync(1);

        await server.TerminateAsync();
        await Eventually.HoldsAsync(async () => await server.StatusOfNewRequestAsync() == HttpStatusCode.InternalServerError);

        Assert.Equal(HttpStatusCode.OK, await server.HealthAsync());
        Assert.Contains("\"finish_reason\":\"length\"", (await running)!.Chunks![^2], StringComparison.Ordinal);
        // The workers are torn down for some seconds more behind an open listener.
        Assert.Equal(HttpStatusCode.OK, await server.HealthAsync());
        Assert.Equal(HttpStatusCode.InternalServerError, await server.StatusOfNewRequestAsync());
    }

    [Fact]
    public async Task Once_the_time_is_over_streams_stay_open_and_silent_until_their_clients_leave()
    {
        await using var server = await StoppableServer.StartAsync("--shutdown-timeout 1");
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(server.Address.Host, server.Address.Port, Token);
            await client.GetStream().WriteAsync(RawExchange.Post("/v1/completions", Endless), Token);
            await server.UntilRunningAsync(1);

            await server.TerminateAsync();
            await Eventually.HoldsAsync(server.RefusesAsync);

            Assert.False(await EndsWithinAsync(client, TimeSpan.FromSeconds(1)));
            Assert.False(server.HasExited);
        }

        await Eventually.HoldsAsync(() => Task.FromResult(server.HasExited));
    }

    [Fact]
    public async Task A_server_whose_engine_died_ends()
    {
        await using var server = await StoppableServer.StartAsync("");

        await server.PostAsync("localvllm/trouble", new { kind = "kill-engine", exit = true });

        await Eventually.HoldsAsync(() => Task.FromResult(server.HasExited));
    }

    // Reads what was under way, then whatever comes for a while.
    private static async Task<bool> EndsWithinAsync(TcpClient client, TimeSpan time)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(time);
        var buffer = new byte[4096];
        try
        {
            while (await client.GetStream().ReadAsync(buffer, patience.Token) > 0)
            {
            }

            return true;
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>A LocalVllm process, twenty tokens a second and stream.</summary>
    private sealed class StoppableServer(ServerProcess process, Uri address) : IAsyncDisposable
    {
        private readonly HttpClient _client = new() { BaseAddress = address };

        public Uri Address => address;

        public bool HasExited => process.HasExited;

        public static async Task<StoppableServer> StartAsync(string flags)
        {
            var address = new Uri($"http://127.0.0.1:{FreePorts.Next()}");
            string[] arguments = ["serve", "small", "--port", $"{address.Port}", "--engine-option", "step-ms=50", .. flags.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
            return new StoppableServer(
                await ServerProcess.StartProjectAsync("AiInfra.LocalVllm", arguments, new Dictionary<string, string>(), new Uri(address, "health"), Token), address);
        }

        public Task<RawReply?> SendAsync(object body) => RawExchange.SendAsync(address, RawExchange.Post("/v1/completions", body), Token);

        public async Task PostAsync(string path, object body)
        {
            using var reply = await _client.PostAsJsonAsync(path, body, Token);
            Assert.True(reply.IsSuccessStatusCode);
        }

        public Task UntilRunningAsync(int count) => Eventually.HoldsAsync(async () =>
            (await _client.GetStringAsync("metrics", Token)).Contains($"vllm:num_requests_running{{engine=\"0\",model_name=\"small\"}} {count}", StringComparison.Ordinal));

        public async Task TerminateAsync()
        {
            using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync(Token);
        }

        public async Task<HttpStatusCode> HealthAsync()
        {
            using var reply = await _client.GetAsync("health", Token);
            return reply.StatusCode;
        }

        public async Task<HttpStatusCode> StatusOfNewRequestAsync()
        {
            using var reply = await _client.PostAsJsonAsync("v1/completions", new { prompt = "a", max_tokens = 1 }, Token);
            return reply.StatusCode;
        }

        public async Task<bool> RefusesAsync()
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(address.Host, address.Port, Token);
                return false;
            }
            catch (SocketException)
            {
                return true;
            }
        }

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            await process.DisposeAsync();
        }
    }
}
