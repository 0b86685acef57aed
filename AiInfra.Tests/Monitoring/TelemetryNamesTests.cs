using System.Diagnostics.Metrics;
using AiInfra.Tests.Gateway;
using AiInfra.Tests.Memory;

namespace AiInfra.Tests.Monitoring;

/// <summary>Names and units of our instruments are those of the conventions.</summary>
public sealed class TelemetryNamesTests
{
    // OpenTelemetry's semantic conventions for generative AI, version 1.37: metrics of servers, and the one of clients that servers share.
    private static readonly Dictionary<string, string> GenAi = new()
    {
        ["gen_ai.server.request.duration"] = "s",
        ["gen_ai.server.time_to_first_token"] = "s",
        ["gen_ai.server.time_per_output_token"] = "s",
        ["gen_ai.client.token.usage"] = "{token}",
    };

    [Fact]
    public async Task Units_are_UCUM_and_names_of_model_calls_those_of_the_GenAI_conventions()
    {
        var instruments = new List<Instrument>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => instruments.Add(instrument) };
        listener.Start();
        await using var replica = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([replica]);
        await using var memory = new InProcessMemory();
        _ = memory.Store;

        // Asked for once, so that the lazy ones are there.
        using var answer = await gateway.ChatAsync();
        var ours = instruments.Where(instrument => instrument.Meter.Name.StartsWith("AiInfra.", StringComparison.Ordinal)).DistinctBy(instrument => instrument.Name).ToList();

        Assert.Contains(ours, instrument => instrument.Meter.Name == "AiInfra.Gateway");
        Assert.Contains(ours, instrument => instrument.Meter.Name == "AiInfra.MemoryService");
        Assert.All(ours, instrument =>
        {
            // Seconds, a plain ratio or flag, or an annotation in braces: nothing else is measured.
            Assert.True(instrument.Unit is "s" or "1" || instrument.Unit is ['{', .., '}'], $"{instrument.Name} has the unit '{instrument.Unit}'.");
            Assert.False(string.IsNullOrEmpty(instrument.Description), $"{instrument.Name} has no description.");
            if (instrument.Name.StartsWith("gen_ai.", StringComparison.Ordinal))
            {
                Assert.True(GenAi.TryGetValue(instrument.Name, out var unit) && unit == instrument.Unit, $"{instrument.Name} is not of the conventions.");
            }
            else
            {
                Assert.StartsWith("aiinfra.", instrument.Name, StringComparison.Ordinal);
            }
        });
        Assert.All(GenAi.Keys, name => Assert.Contains(ours, instrument => instrument.Name == name));
    }
}
