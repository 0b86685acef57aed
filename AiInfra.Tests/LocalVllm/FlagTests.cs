using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace AiInfra.Tests.LocalVllm;

/// <summary>Flags of <c>vllm serve</c> that change what callers see, each on a running server.</summary>
public sealed class FlagTests
{
    private const string Flags = "--served-model-name small --engine-option profile=instant";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_backlog_of_prompt_tokens_beyond_the_limit_is_refused_until_it_is_computed()
    {
        await using var server = await RunningServer.StartAsync(Flags + " --max-num-queued-tokens 300");
        await server.TroubleAsync(new { kind = "hang-engine" });
        var first = server.SendAsync(Prompt(285));
        await server.UntilAsync("vllm:num_requests_waiting", 1);

        var refused = await server.SendAsync(Prompt(285));
        var small = server.SendAsync(Prompt(15));
        await server.UntilAsync("vllm:num_requests_waiting", 2);
        await server.TroubleAsync(new { kind = "none" });

        Assert.Equal(503, refused!.Status);
        Assert.Contains("prefill token backlog limit", refused.Text, StringComparison.Ordinal);
        Assert.Null(refused.Header("retry-after"));
        Assert.Equal(200, (await first)!.Status);
        Assert.Equal(200, (await small)!.Status);
        Assert.Contains("reason=\"max_num_queued_tokens\"} 1", await MetricsAsync(server), StringComparison.Ordinal);
        // A reply is there a moment before its request has left the books.
        await Eventually.HoldsAsync(async () => (await server.SendAsync(Prompt(285)))!.Status == 200);

        static byte[] Prompt(int tokens) => RawExchange.Post("/v1/completions", new { prompt = Enumerable.Range(500, tokens), max_tokens = 1 });
    }

    [Fact]
    public async Task Frames_behind_the_first_carry_as_many_tokens_as_the_interval_says()
    {
        await using var server = await RunningServer.StartAsync(Flags + " --stream-interval 3");

        var reply = await server.SendAsync(
            RawExchange.Post("/v1/completions", new { prompt = "a", max_tokens = 9, ignore_eos = true, stream = true, return_token_ids = true }));

        var frames = reply!.Chunks!.SkipLast(1).Select(chunk => JsonSerializer.Deserialize<JsonElement>(chunk["data: ".Length..]));
        Assert.Equal([1, 3, 3, 2], frames.Select(frame => frame.GetProperty("choices")[0].GetProperty("token_ids").GetArrayLength()));
    }

    [Fact]
    public async Task A_root_path_may_stand_before_every_route_or_not()
    {
        await using var server = await RunningServer.StartAsync(Flags + " --root-path /vllm");

        foreach (var (path, status) in new[] { ("/vllm/v1/models", 200), ("/v1/models", 200), ("/vllm/health", 200), ("/other/v1/models", 404) })
        {
            using var reply = await server.Client.GetAsync(path, Token);
            Assert.Equal(status, (int)reply.StatusCode);
        }
    }

    [Theory]
    [InlineData("--enable-server-load-tracking", 6)]
    [InlineData("", 0)]
    public async Task Load_counts_running_and_waiting_requests_where_it_is_tracked(string flag, int load)
    {
        await using var server = await RunningServer.StartAsync($"{Flags} --max-num-seqs 4 {flag}");
        await server.TroubleAsync(new { kind = "hang-engine" });
        var requests = Enumerable.Range(0, 6).Select(_ => server.Client.PostAsJsonAsync("/v1/completions", new { prompt = "a", max_tokens = 1 }, Token)).ToList();
        await server.UntilAsync("vllm:num_requests_waiting", 6);

        var during = await LoadAsync(server);
        await server.TroubleAsync(new { kind = "none" });
        foreach (var reply in await Task.WhenAll(requests))
        {
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
            reply.Dispose();
        }

        Assert.Equal(load, during);
        await Eventually.HoldsAsync(async () => await LoadAsync(server) == 0);

        static async Task<int> LoadAsync(RunningServer server) =>
            (await server.Client.GetFromJsonAsync<JsonElement>("/load", Token)).GetProperty("server_load").GetInt32();
    }

    [Fact]
    public async Task More_adapters_than_max_loras_take_turns_and_the_base_model_does_not_wait()
    {
        await using var server = await RunningServer.StartAsync(
            "--served-model-name small --engine-option step-ms=20 --max-num-seqs 4 --enable-lora --max-loras 1 --lora-modules ad1=./a ad2=./b");
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var first = server.Client.PostAsJsonAsync("/v1/completions", new { model = "ad1", prompt = "a", max_tokens = 4000, ignore_eos = true }, leaving.Token);
        await server.UntilAsync("vllm:num_requests_running", 1);
        var second = server.Client.PostAsJsonAsync("/v1/completions", new { model = "ad2", prompt = "a", max_tokens = 1 }, Token);
        await server.UntilAsync("vllm:num_requests_waiting", 1);

        using var onBase = await server.Client.PostAsJsonAsync("/v1/completions", new { model = "small", prompt = "a", max_tokens = 1 }, Token);
        var metrics = await MetricsAsync(server);

        Assert.Equal(HttpStatusCode.OK, onBase.StatusCode);
        Assert.False(second.IsCompleted);
        Assert.Contains("vllm:lora_requests_info{max_lora=\"1\",running_lora_adapters=\"ad1\",waiting_lora_adapters=\"ad2\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("reason=\"deferred\"} 1", metrics, StringComparison.Ordinal);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        using var answered = await second;
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
    }

    private static Task<string> MetricsAsync(RunningServer server) => server.Client.GetStringAsync("/metrics", Token);
}
