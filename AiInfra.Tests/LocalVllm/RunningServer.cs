using System.Net.Http.Json;
using System.Text.Json;
using AiInfra.LocalVllm.Serving;
using Microsoft.AspNetCore.Builder;

namespace AiInfra.Tests.LocalVllm;

/// <summary>A server in this process on a free port, started by a command line as a user would write it.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RunningServer(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Urls.First());
        // The server closes idle connections after 5 s, as vLLM does: a request that meets the closing is lost.
        Client = new HttpClient(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(2) }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    /// <param name="flags">Everything behind <c>serve MODEL --port 0</c>, separated by spaces.</param>
    /// <param name="environment">Environment variables that count.</param>
    public static Task<RunningServer> StartAsync(string flags, params (string Name, string Value)[] environment) => StartModelAsync("./smollm2", flags, environment);

    /// <param name="model">The model argument: a name, or a folder whose tokenizer is used.</param>
    /// <param name="flags">Everything behind it, separated by spaces.</param>
    /// <param name="environment">Environment variables that count.</param>
    public static async Task<RunningServer> StartModelAsync(string model, string flags, params (string Name, string Value)[] environment)
    {
        string[] args = ["serve", model, "--port", "0", .. flags.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        var settings = ServeCommand.Parse(args, name => environment.FirstOrDefault(entry => entry.Name == name).Value);
        return new RunningServer(await ServingHost.StartAsync(settings, TestContext.Current.CancellationToken));
    }

    public async Task<JsonElement> PostAsync(string path, object body)
    {
        using var response = await Client.PostAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        return await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
    }

    public async Task<string> ChatAsync(params (string Role, string Content)[] turns)
    {
        var reply = await PostAsync("/v1/chat/completions", new { messages = turns.Select(turn => new { role = turn.Role, content = turn.Content }), temperature = 0 });
        return reply.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
    }

    /// <summary>The value of a series in <c>/metrics</c>, the sum where several match.</summary>
    public async Task<double> MetricAsync(string series)
    {
        var page = await Client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        return page.Split('\n')
            .Where(line => line.StartsWith(series, StringComparison.Ordinal) && line[series.Length] is '{' or ' ')
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until a series has a value.</summary>
    public Task UntilAsync(string series, double value) => Eventually.HoldsAsync(async () => await MetricAsync(series) == value);

    /// <summary>Switches trouble on, or with <c>none</c> off.</summary>
    public async Task TroubleAsync(object trouble)
    {
        using var reply = await Client.PostAsJsonAsync("/localvllm/trouble", trouble, TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.NoContent, reply.StatusCode);
    }

    /// <summary>Sends bytes over a connection of their own.</summary>
    public Task<RawReply?> SendAsync(byte[] request) => RawExchange.SendAsync(Address, request, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
