using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using AiInfra.Tests.AppHost;
using AiInfra.Tests.Fixtures;
using AiInfra.Tests.SmolLm2;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.Tests.LocalVllm;

/// <summary>A model of the user's own in the embedded one's place: a folder, or a server that already runs.</summary>
public sealed class OwnModelTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_running_server_is_the_pool_where_its_address_is_given_and_no_replica_is_started()
    {
        await using var server = await OtherServerAsync();
        await using var builder = DistributedApplicationTestingBuilder.Create($"--AppHost:ModelEndpoint={server.Urls.First()}/v1", "--Parameters:model-key=sk-theirs");
        var pools = builder.AddVllmPools("vllm");
        var pool = Assert.Single(pools);
        var gateway = builder.AddDotnetProject("gateway", "../AiInfra.Gateway/AiInfra.Gateway.csproj")
            .WithHttpEndpoint()
            .WithHttpEndpoint(name: "internal", env: "Listeners__Internal__Port")
            .WithHttpEndpoint(name: "admin", env: "Listeners__Admin__Port")
            .WithHttpHealthCheck("/health", endpointName: "internal")
            .WithModels(pools)
            .WithOperatorKeys(builder.AddParameter("api-key", "sk-a-key-of-the-test-that-is-long"), builder.AddParameter("admin-key", "sk-another-key-of-the-test"));
        await using var app = await builder.BuildAsync(Token);
        await app.StartAsync(Token);
        await app.ResourceNotifications.WaitForResourceHealthyAsync(gateway.Resource.Name, Token);

        using var client = new HttpClient { BaseAddress = app.GetEndpoint("gateway", "http") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-a-key-of-the-test-that-is-long");
        using var reply = await client.PostAsJsonAsync("/v1/chat/completions", new { model = "their-model", messages = new[] { new { role = "user", content = "Hi" } } }, Token);

        Assert.Equal(["gateway"], builder.Resources.OfType<ExecutableResource>().Select(resource => resource.Name));
        Assert.Equal("their-model", pool.Model);
        Assert.Equal("Bearer sk-theirs", (await reply.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("authorization").GetString());
    }

    [Fact]
    public async Task A_server_that_runs_already_is_offered_in_one_line_and_not_used()
    {
        await using var server = await OtherServerAsync();
        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var silentPort = ((System.Net.IPEndPoint)silent.LocalEndpoint).Port;
        var state = Directory.CreateTempSubdirectory("own-model-").FullName;
        try
        {
            // One answers, one takes the connection and says nothing, one is closed.
            await using var platform = AppHostProcess.Start(
                state, [$"--AppHost:ModelProbePorts={silentPort},{new Uri(server.Urls.First()).Port},{FreePorts.Next()}", "--AppHost:Replicas=1"]);

            await platform.LineAsync("start with this to use it");

            var line = Assert.Single(platform.Output.Split('\n'), line => line.Contains("AppHost:ModelEndpoint", StringComparison.Ordinal));
            Assert.Contains($"--AppHost:ModelEndpoint={server.Urls.First()} (it serves their-model)", line, StringComparison.Ordinal);
            Assert.DoesNotContain($"{silentPort}", line, StringComparison.Ordinal);
            Assert.Contains("vllm0", platform.Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    [Fact]
    public async Task A_folder_of_the_users_own_is_what_the_replicas_serve()
    {
        var folder = Directory.CreateTempSubdirectory("own-folder-").FullName;
        try
        {
            foreach (var file in Directory.EnumerateFiles(ModelFiles.Path).Where(file => Path.GetFileName(file) != "SHA256SUMS"))
            {
                File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(file)), file);
            }

            await File.WriteAllTextAsync(Path.Combine(folder, "config.json"), """{"max_position_embeddings": 512}""", Token);
            await using var builder = DistributedApplicationTestingBuilder.Create($"--AppHost:ModelFolder={folder}", "--AppHost:Replicas=1", "--Parameters:model=mine", "--AppHost:ModelProbePorts=");
            var pool = builder.AddVllmPools("vllm")[0];
            await using var app = await builder.BuildAsync(Token);
            await app.StartAsync(Token);
            await app.ResourceNotifications.WaitForResourceHealthyAsync("vllm0", Token);

            using var client = new HttpClient { BaseAddress = app.GetEndpoint("vllm0", "http") };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await pool.Key!.Resource.GetValueAsync(Token));
            var model = (await client.GetFromJsonAsync<JsonElement>("/v1/models", Token)).GetProperty("data")[0];

            Assert.Equal("mine", model.GetProperty("id").GetString());
            Assert.Equal(512, model.GetProperty("max_model_len").GetInt32());
            Assert.Contains(Path.GetFileName(folder), model.GetProperty("notice").GetString(), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("--AppHost:ModelEndpoint=http://127.0.0.1:1/v1", "does not say which models it serves")]
    [InlineData("--AppHost:ModelEndpoint=localhost:11434", "an address such as http://127.0.0.1:11434")]
    [InlineData("--AppHost:ModelEndpoint=http://127.0.0.1/api/chat", "an address such as http://127.0.0.1:11434")]
    [InlineData("--AppHost:ModelFolder=/nowhere", "there is no model.onnx")]
    [InlineData("--AppHost:ModelProbePorts=http", "ports from 1 to 65535")]
    public async Task A_wrong_setting_is_named(string setting, string message)
    {
        await using var builder = DistributedApplicationTestingBuilder.Create(setting);

        var problem = Assert.Throws<DistributedApplicationException>(() => builder.AddVllmPools("vllm"));

        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.StartsWith(setting[2..setting.IndexOf('=')], problem.Message, StringComparison.Ordinal);
    }

    // Speaks as much of the API as Ollama does: no health page, no metrics.
    private static async Task<WebApplication> OtherServerAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        Microsoft.AspNetCore.Hosting.WebHostBuilderKestrelExtensions.UseKestrelCore(builder.WebHost);
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.UseRouting();
        app.MapGet("/v1/models", context => context.Response.WriteAsJsonAsync(new { @object = "list", data = new[] { new { id = "their-model", @object = "model", owned_by = "library" } } }));
        app.MapPost("/v1/chat/completions", context => context.Response.WriteAsJsonAsync(new { id = "x", @object = "chat.completion", authorization = $"{context.Request.Headers.Authorization}" }));
        await app.StartAsync(Token);
        return app;
    }
}
