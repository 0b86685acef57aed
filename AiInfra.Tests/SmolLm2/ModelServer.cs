using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.SmolLm2;

/// <summary>A LocalVllm process with the real model, as a user starts it.</summary>
internal sealed class ModelServer : IAsyncDisposable
{
    private readonly ServerProcess _process;

    private ModelServer(ServerProcess process, Uri address)
    {
        _process = process;
        Address = address;
        Client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(120) };
    }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public string Output => _process.Output;

    /// <summary>Memory of the process that is in use, in bytes.</summary>
    public long Resident
    {
        get
        {
            using var process = Process.GetProcessById(_process.Id);
            return process.WorkingSet64;
        }
    }

    public static async Task<ModelServer> StartAsync(string flags)
    {
        var address = new Uri($"http://127.0.0.1:{FreePorts.Next()}");
        string[] arguments = ["serve", ModelFiles.Path, "--port", $"{address.Port}", "--engine", "smollm2", .. flags.Split(' ')];
        // A connection that is silent for 5 s is closed, as vLLM closes it: while model and tests share two cores, also one whose client has not got to sending yet.
        var environment = new Dictionary<string, string> { ["VLLM_HTTP_TIMEOUT_KEEP_ALIVE"] = "600" };
        var process = await ServerProcess.StartProjectAsync(
            "AiInfra.LocalVllm", arguments, environment, new Uri(address, "health"), TestContext.Current.CancellationToken);
        return new ModelServer(process, address);
    }

    public async Task<JsonElement> PostAsync(string path, object body)
    {
        using var response = await Client.PostAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        return await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
    }

    /// <summary>The greedy answer to a conversation.</summary>
    public async Task<string> AskAsync(int maxTokens, params (string Role, string Content)[] turns)
    {
        var messages = turns.Select(turn => new { role = turn.Role, content = turn.Content });
        return Content(await PostAsync("/v1/chat/completions", new { messages, temperature = 0, max_tokens = maxTokens }));
    }

    public static string Content(JsonElement reply) => reply.TryGetProperty("choices", out var choices)
        ? choices[0].GetProperty("message").GetProperty("content").GetString()!
        : throw new InvalidOperationException(reply.GetRawText());

    /// <summary>The value of a series in <c>/metrics</c>.</summary>
    public async Task<double> MetricAsync(string series)
    {
        var page = await Client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        var line = page.Split('\n').First(line => line.StartsWith(series, StringComparison.Ordinal) && line[series.Length] is '{' or ' ');
        return double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until no sequence runs or waits.</summary>
    public async Task UntilIdleAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (await MetricAsync("vllm:num_requests_running") + await MetricAsync("vllm:num_requests_waiting") > 0)
        {
            await Task.Delay(20, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _process.DisposeAsync();
    }
}
