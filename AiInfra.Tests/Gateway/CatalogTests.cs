using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace AiInfra.Tests.Gateway;

public sealed class CatalogTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Models_lead_to_their_pools_and_fall_back_along_the_chain()
    {
        await using var large = await ScriptedVllm.StartAsync();
        await using var small = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync(
            [small],
            "--Gateway:Models:1:Name=large", "--Gateway:Models:1:Service=big", "--Gateway:Models:1:ServedName=org/large-1",
            "--Gateway:Models:1:Fallbacks:0=tiny", $"--services:big:http:0={large.Address}");

        using var first = await gateway.PostAsync("/v1/chat/completions", """{"model":"large","messages":[]}""");
        await large.DisposeAsync();
        using var second = await gateway.PostAsync("/v1/chat/completions", """{"model":"large","messages":[]}""");
        using var unnamed = await gateway.PostAsync("/v1/chat/completions", """{"messages":[]}""");

        Assert.Equal((200, 200, 400), ((int)first.StatusCode, (int)second.StatusCode, (int)unnamed.StatusCode));
        Assert.Contains("\"model\":\"org/large-1\"", Assert.Single(large.Requests).Text, StringComparison.Ordinal);
        Assert.Contains("\"model\":\"tiny\"", Assert.Single(small.Requests).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_adapter_is_served_by_the_replica_that_has_it()
    {
        await using var plain = await ScriptedVllm.StartAsync();
        await using var loaded = await ScriptedVllm.StartAsync();
        loaded.Models = """{"object":"list","data":[{"id":"tiny","parent":null},{"id":"ad1","parent":"tiny"}]}""";
        await using var gateway = await GatewayServer.StartAsync([plain, loaded], "--Replicas:ProbeInterval=00:00:00.050");

        for (var status = 0; status != 200;)
        {
            using var response = await gateway.PostAsync("/v1/chat/completions", """{"model":"ad1","messages":[]}""");
            status = (int)response.StatusCode;
            Assert.True(status is 200 or 404);
            await Task.Delay(20, Cancelled);
        }

        for (var i = 0; i < 3; i++)
        {
            using var response = await gateway.PostAsync("/v1/chat/completions", """{"model":"ad1","messages":[]}""");
        }

        Assert.Empty(plain.Requests);
        Assert.Equal(4, loaded.Requests.Count);
    }

    [Fact]
    public async Task A_changed_configuration_is_taken_over_while_streams_run_and_a_wrong_one_is_not()
    {
        await using var first = await ScriptedVllm.StartAsync();
        await using var second = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([first], "--Replicas:DiscoveryInterval=00:00:00.100");
        var goOn = new TaskCompletionSource();
        first.Script = async (context, _) =>
        {
            await ScriptedVllm.WriteFrameAsync(context, ScriptedVllm.Chunk("one"));
            await goOn.Task;
            await ScriptedVllm.WriteFrameAsync(context, "[DONE]");
        };
        using var running = await gateway.ChatAsync(stream: true);
        var configuration = (IConfigurationRoot)gateway.App.Services.GetService(typeof(IConfiguration))!;

        configuration["Gateway:Models:0:Name"] = "renamed";
        configuration["services:vllm:http:0"] = second.Address;
        configuration["Gateway:Keys:0:Key"] = "no";
        configuration.Reload();
        using (var refused = await gateway.PostAsync("/v1/chat/completions", """{"model":"renamed"}"""))
        {
            Assert.Equal(404, (int)refused.StatusCode);
        }

        configuration["Gateway:Keys:0:Key"] = GatewayServer.Key;
        configuration.Reload();
        while (second.Requests.IsEmpty)
        {
            using var changed = await gateway.PostAsync("/v1/chat/completions", """{"model":"renamed","stream":false}""");
            Assert.True((int)changed.StatusCode is 200 or 404);
        }

        goOn.SetResult();
        Assert.EndsWith("data: [DONE]\n\n", await running.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        using var old = await gateway.ChatAsync();
        Assert.Equal(404, (int)old.StatusCode);
    }

    [Fact]
    public async Task A_replica_that_is_added_while_running_receives_calls()
    {
        await using var first = await ScriptedVllm.StartAsync();
        await using var added = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([first], "--Replicas:DiscoveryInterval=00:00:00.100");
        using (var before = await gateway.ChatAsync())
        {
            Assert.Equal(200, (int)before.StatusCode);
        }

        var configuration = (IConfigurationRoot)gateway.App.Services.GetService(typeof(IConfiguration))!;
        configuration["services:vllm:http:1"] = added.Address;
        configuration.Reload();
        for (var limit = DateTime.UtcNow.AddSeconds(60); added.Requests.IsEmpty && DateTime.UtcNow < limit;)
        {
            using var response = await gateway.ChatAsync();
            Assert.Equal(200, (int)response.StatusCode);
        }

        Assert.NotEmpty(added.Requests);
    }

    [Fact]
    public async Task A_drained_replica_gets_no_new_requests_until_it_is_given_back()
    {
        await using var first = await ScriptedVllm.StartAsync();
        await using var second = await ScriptedVllm.StartAsync();
        await using var gateway = await GatewayServer.StartAsync([first, second]);

        using var drained = await gateway.Admin.PostAsync($"/admin/replicas/127.0.0.1:{first.Port}/drain", null, Cancelled);
        for (var i = 0; i < 4; i++)
        {
            using var response = await gateway.ChatAsync();
        }

        using var listed = JsonDocument.Parse(await gateway.Admin.GetStringAsync("/admin/replicas", Cancelled));
        using var stranger = new HttpClient { BaseAddress = gateway.Admin.BaseAddress };
        using var refused = await stranger.PostAsync($"/admin/replicas/127.0.0.1:{second.Port}/drain", null, Cancelled);
        using var unknown = await gateway.Admin.PostAsync("/admin/replicas/127.0.0.1:1/drain", null, Cancelled);
        using var back = await gateway.Admin.DeleteAsync($"/admin/replicas/127.0.0.1:{first.Port}/drain", Cancelled);
        await second.DisposeAsync();
        using var again = await gateway.ChatAsync();

        Assert.Equal((204, 401, 404, 204), ((int)drained.StatusCode, (int)refused.StatusCode, (int)unknown.StatusCode, (int)back.StatusCode));
        Assert.Equal(4, second.Requests.Count);
        Assert.Equal(["Draining", "Serving"], listed.RootElement.GetProperty("replicas").EnumerateArray().Select(replica => replica.GetProperty("state").GetString()));
        Assert.Equal(200, (int)again.StatusCode);
        Assert.Single(first.Requests);
    }
}
