using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace AiInfra.Tests.AppHost;

/// <summary>What an executable sees, against what Aspire gives it.</summary>
public sealed class EnvironmentTests : EngineTest
{
    [Fact]
    public async Task References_and_endpoints_arrive_under_the_names_that_Aspire_uses()
    {
        var store = Builder.AddResource(new StoreResource("my-store", "/bin/sh", "/")).WithArgs("-c", "exec sleep 600").WithHttpEndpoint();
        var other = AddServer("other").WithHttpEndpoint(name: "internal");
        // Not through a shell: shells drop variables with a hyphen in their name.
        Builder.AddExecutable("probe", "env", "/").WithHttpEndpoint(env: "PORT")
            .WithReference(store)
            .WithReference(store, "renamed")
            .WithReference(other.GetEndpoint("http"))
            .WithReference(other.GetEndpoint("internal"))
            .WithEnvironment("LITERAL", "one")
            .WithEnvironment("LITERAL", "two")
            .WithEnvironment("EXPRESSION", ReferenceExpression.Create($"at {other.GetEndpoint("http").Property(EndpointProperty.HostAndPort)}!"))
            .WithEnvironment("SECRET", Builder.AddParameter("secret", "s3cret", secret: true));
        var app = await StartAsync();

        await WaitAsync(app, "probe", snapshot => snapshot.State?.Text == KnownResourceStates.Exited);
        var seen = Variables(app);

        var (storePort, httpPort, internalPort) = (app.GetEndpoint("my-store").Port, app.GetEndpoint("other").Port, app.GetEndpoint("other", "internal").Port);
        var expected = new Dictionary<string, string>
        {
            ["PORT"] = $"{app.GetEndpoint("probe").Port}",
            ["ConnectionStrings__my-store"] = $"Endpoint=http://localhost:{storePort}",
            ["MY_STORE_HOST"] = "localhost",
            ["MY_STORE_PORT"] = $"{storePort}",
            ["ConnectionStrings__renamed"] = $"Endpoint=http://localhost:{storePort}",
            ["RENAMED_HOST"] = "localhost",
            ["RENAMED_PORT"] = $"{storePort}",
            ["services__other__http__0"] = $"http://localhost:{httpPort}",
            ["OTHER_HTTP"] = $"http://localhost:{httpPort}",
            ["services__other__internal__0"] = $"http://localhost:{internalPort}",
            ["OTHER_INTERNAL"] = $"http://localhost:{internalPort}",
            ["LITERAL"] = "two",
            ["EXPRESSION"] = $"at localhost:{httpPort}!",
            ["SECRET"] = "s3cret",
        };
        var inherited = Environment.GetEnvironmentVariables().Keys.Cast<string>().ToHashSet();
        var own = seen.Where(one => !inherited.Contains(one.Key)).ToDictionary();
        Assert.Equal(expected.OrderBy(one => one.Key, StringComparer.Ordinal), own.OrderBy(one => one.Key, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Arguments_are_resolved_in_their_order_and_pass_as_they_are()
    {
        var script = AddScript("probe", """for a in "$@"; do echo "[$a]"; done; echo end""").WithHttpEndpoint();
        script.WithArgs("name", "two words", "a'b\"c$d").WithArgs("--port", script.GetEndpoint("http").Property(EndpointProperty.TargetPort));
        var app = await StartAsync();
        await LineAsync(app, "probe", line => line == "end");

        Assert.Equal(["[two words]", "[a'b\"c$d]", "[--port]", $"[{app.GetEndpoint("probe").Port}]", "end"], LinesOf(app, "probe").Take(5));
    }

    [Fact]
    public async Task A_callback_runs_again_at_every_start_and_one_that_throws_fails_its_resource()
    {
        var runs = 0;
        AddServer("server", "exit 1").WithEnvironment(_ => runs++);
        AddServer("broken").WithEnvironment(_ => throw new InvalidOperationException("no value"));
        var app = await StartAsync();
        await WaitAsync(app, "server", snapshot => snapshot.State?.Text == KnownResourceStates.Exited);

        Assert.Equal(5, runs);
        Assert.Equal(KnownResourceStates.FailedToStart, StateOf(app, "broken").State?.Text);
        Assert.Equal("no value", StateOf(app, "broken").Reason);
    }

    [Fact]
    public async Task Parameters_come_from_configuration_and_a_missing_one_names_the_variable_to_set()
    {
        Builder.Configuration["Parameters:given"] = "from configuration";
        Builder.Configuration["Parameters:with_hyphen"] = "by its other name";
        AddScript("probe", "env; echo end")
            .WithEnvironment("GIVEN", Builder.AddParameter("given"))
            .WithEnvironment("HYPHEN", Builder.AddParameter("with-hyphen"));
        AddServer("server").WithEnvironment("MISSING", Builder.AddParameter("not-there"));
        var app = await StartAsync();

        await LineAsync(app, "probe", line => line == "end");
        var seen = Variables(app);
        Assert.Equal("from configuration", seen["GIVEN"]);
        Assert.Equal("by its other name", seen["HYPHEN"]);
        Assert.Equal(
            "The parameter 'not-there' has no value: set the environment variable Parameters__not_there or pass --Parameters:not-there=VALUE.",
            StateOf(app, "server").Reason);
    }

    private static Dictionary<string, string> Variables(DistributedApplication app) =>
        LinesOf(app, "probe").Where(line => line.Contains('=', StringComparison.Ordinal)).Select(line => line.Split('=', 2))
            .DistinctBy(parts => parts[0]).ToDictionary(parts => parts[0], parts => parts[1]);

    private sealed class StoreResource(string name, string command, string workingDirectory)
        : ExecutableResource(name, command, workingDirectory), IResourceWithConnectionString
    {
        private EndpointReference Endpoint => new(this, "http");

        public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"Endpoint={Endpoint.Property(EndpointProperty.Url)}");

        public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
        [
            new("Host", ReferenceExpression.Create($"{Endpoint.Property(EndpointProperty.Host)}")),
            new("Port", ReferenceExpression.Create($"{Endpoint.Property(EndpointProperty.Port)}")),
        ];
    }
}
