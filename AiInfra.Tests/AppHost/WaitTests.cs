using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiInfra.Tests.AppHost;

public sealed class WaitTests : EngineTest
{
    [Fact]
    public async Task A_waiter_starts_when_its_dependency_is_healthy_and_its_ready_handlers_have_ended()
    {
        var order = new List<string>();
        var healthy = new TaskCompletionSource();
        Builder.Services.AddHealthChecks().AddCheck("late", () => healthy.Task.IsCompleted ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("not yet"));
        var store = AddServer("store").WithHealthCheck("late").OnResourceReady(async (_, _, cancellationToken) =>
        {
            await Task.Delay(50, cancellationToken);
            order.Add("ready handler");
        });
        AddServer("app").WaitFor(store).WithEnvironment(_ => order.Add("app"));
        var app = await Builder.BuildAsync(Cancelled);
        var starting = app.StartAsync(Cancelled);
        await WaitAsync(app, "store", snapshot => snapshot.HealthStatus == HealthStatus.Unhealthy);

        Assert.Equal(KnownResourceStates.Waiting, StateOf(app, "app").State?.Text);
        Assert.False(starting.IsCompleted);
        healthy.SetResult();
        await starting;

        Assert.Equal(["ready handler", "app"], order);
        Assert.Equal(KnownResourceStates.Running, StateOf(app, "app").State?.Text);
    }

    [Fact]
    public async Task A_dependency_that_fails_fails_its_waiter_and_says_why()
    {
        var broken = Builder.AddExecutable("broken", "no-such-command", "/");
        Builder.Services.AddHealthChecks().AddCheck("never", () => HealthCheckResult.Unhealthy());
        var crashing = AddServer("crashing", "exit 9").WithHealthCheck("never");
        AddServer("first").WaitFor(broken);
        AddServer("second").WaitFor(crashing);
        var app = await StartAsync();

        Assert.Equal("'first' was not started: it waits for 'broken', which is FailedToStart.", StateOf(app, "first").Reason);
        Assert.Equal("'second' was not started: it waits for 'crashing', which is Exited with exit code 9.", StateOf(app, "second").Reason);
    }

    [Fact]
    public async Task Waiting_for_completion_looks_at_the_exit_code()
    {
        var good = AddScript("good", "exit 0");
        var bad = AddScript("bad", "exit 1");
        AddServer("after-good").WaitForCompletion(good);
        AddServer("after-bad").WaitForCompletion(bad);
        AddServer("expects-one").WaitForCompletion(bad, exitCode: 1);
        var app = await StartAsync();

        Assert.Equal(KnownResourceStates.Running, StateOf(app, "after-good").State?.Text);
        Assert.Equal(KnownResourceStates.FailedToStart, StateOf(app, "after-bad").State?.Text);
        Assert.Equal(KnownResourceStates.Running, StateOf(app, "expects-one").State?.Text);
    }

    [Fact]
    public async Task A_wait_has_a_limit_and_names_what_it_waited_for()
    {
        Builder.Configuration["AppHost:WaitLimitSeconds"] = "1";
        Builder.Services.AddHealthChecks().AddCheck("never", () => HealthCheckResult.Unhealthy());
        var store = AddServer("store").WithHealthCheck("never");
        AddServer("app").WaitFor(store);
        var app = await StartAsync();

        Assert.Equal("'app' was not started: it waited 1 s for 'store', which is Running.", StateOf(app, "app").Reason);
    }

    [Fact]
    public async Task Starting_stops_when_it_is_cancelled()
    {
        Builder.Services.AddHealthChecks().AddCheck("never", () => HealthCheckResult.Unhealthy());
        var store = AddServer("store").WithHealthCheck("never");
        AddServer("app").WaitFor(store);
        var app = await Builder.BuildAsync(Cancelled);
        using var impatience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => app.StartAsync(impatience.Token));
    }

    [Fact]
    public async Task Circles_and_unknown_names_are_found_before_anything_starts()
    {
        var (a, b, c) = (AddServer("a"), AddServer("b"), AddServer("c"));
        a.WaitFor(b.WaitFor(c));
        var stranger = Builder.CreateResourceBuilder(new ExecutableResource("stranger", "sleep", "/"));
        c.WaitFor(stranger);

        var unknown = await Assert.ThrowsAsync<DistributedApplicationException>(() => Builder.BuildAsync(Cancelled));
        c.Resource.Annotations.Remove(c.Resource.Annotations.OfType<WaitAnnotation>().Single());
        c.WaitFor(a);
        var circle = await Assert.ThrowsAsync<DistributedApplicationException>(() => Builder.BuildAsync(Cancelled));

        Assert.Equal("'c' waits for 'stranger', which is not part of the application.", unknown.Message);
        Assert.Equal("Resources wait for each other in a circle: 'a' waits for 'b' waits for 'c' waits for 'a'.", circle.Message);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("vllm0", true)]
    [InlineData("0vllm", false)]
    [InlineData("a--b", false)]
    [InlineData("a-", false)]
    [InlineData("a_b", false)]
    public void Names_follow_the_rules_of_Aspire(string name, bool valid)
    {
        var problem = Record.Exception(() => AddScript(name, "true"));

        Assert.Equal(valid, problem is null);
        Assert.True(!valid || Record.Exception(() => AddScript(name.ToUpperInvariant(), "true")) is DistributedApplicationException);
    }
}
