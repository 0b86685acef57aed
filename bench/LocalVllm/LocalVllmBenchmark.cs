using System.Diagnostics;
using AiInfra.Bench.Running;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.Bench.LocalVllm;

/// <summary>What LocalVllm's simulated engine sustains: it must never be the bottleneck of a gateway's benchmark.</summary>
internal sealed class LocalVllmBenchmark : IBenchmark
{
    public string Name => "localvllm";

    public string Summary => "plain requests/s and streams of LocalVllm's simulated engine, server and client on this machine; a trace in virtual time. About 40 s.";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var seconds = arguments.Full ? 30 : 8;
        var requestsPerSecond = await PlainAsync(seconds, cancellationToken);
        var streams = await StreamsAsync(seconds, cancellationToken);
        var virtualTime = Virtual();
        return new BenchReport(
            Name,
            [
                new BenchRow("plain chat, 8 tokens", new Dictionary<string, double> { ["per s"] = requestsPerSecond }),
                new BenchRow("2,000 streams", new Dictionary<string, double> { ["frames/s"] = streams }),
                new BenchRow("10,000 requests, 8 replicas", new Dictionary<string, double> { ["seconds"] = virtualTime.Seconds, ["virtual s"] = virtualTime.VirtualSeconds, ["steps"] = virtualTime.Steps }),
            ],
            [
                BenchBar.AtLeast("plain requests/s", requestsPerSecond, 5000),
                BenchBar.AtLeast("frames/s of 2,000 streams", streams, 2000 * 20 * 0.95),
                BenchBar.AtMost("seconds for 10,000 requests in virtual time", virtualTime.Seconds, 60),
                BenchBar.AtLeast("two runs with one seed are identical", virtualTime.Identical ? 1 : 0, 1),
            ])
        {
            Notes = [$"{Environment.ProcessorCount} cores shared by server and client, which drives it over raw sockets with keep-alive."],
        };
    }

    private static async Task<double> PlainAsync(int seconds, CancellationToken cancellationToken)
    {
        await using var server = await StartAsync("profile=instant", cancellationToken);
        var address = new Uri(server.Urls.First());
        var request = RawLoad.Request("{\"messages\":[{\"role\":\"user\",\"content\":\"What is the capital of France?\"}],\"max_tokens\":8}");
        // As long as the runtime compiles what runs often, which takes half of two cores.
        await RawLoad.CountRepliesAsync(address, request, 32, TimeSpan.FromSeconds(6), cancellationToken);
        var replies = await RawLoad.CountRepliesAsync(address, request, 32, TimeSpan.FromSeconds(seconds), cancellationToken);
        return (double)replies / seconds;
    }

    private static async Task<double> StreamsAsync(int seconds, CancellationToken cancellationToken)
    {
        // A step every 50 ms with every stream in it: 20 frames a second each.
        await using var server = await StartAsync("step-ms=50", cancellationToken);
        var address = new Uri(server.Urls.First());
        var request = RawLoad.Request("{\"messages\":[{\"role\":\"user\",\"content\":\"Tell a story\"}],\"max_tokens\":4000,\"ignore_eos\":true,\"stream\":true}");
        return await RawLoad.CountFramesAsync(address, request, 2000, TimeSpan.FromSeconds(seconds), cancellationToken);
    }

    private static (double Seconds, double VirtualSeconds, double Steps, bool Identical) Virtual()
    {
        var began = Stopwatch.GetTimestamp();
        var first = VirtualTrace.Run(seed: 1, requests: 10_000, replicas: 8);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var second = VirtualTrace.Run(seed: 1, requests: 10_000, replicas: 8);
        return (seconds, first.VirtualSeconds, first.Steps, first == second);
    }

    private static Task<Microsoft.AspNetCore.Builder.WebApplication> StartAsync(string option, CancellationToken cancellationToken)
    {
        string[] args = ["serve", "./bench", "--port", "0", "--max-num-seqs", "4096", "--max-num-batched-tokens", "1000000", "--num-gpu-blocks-override", "2000000", "--engine-option", option];
        return ServingHost.StartAsync(ServeCommand.Parse(args, _ => null), cancellationToken);
    }
}
