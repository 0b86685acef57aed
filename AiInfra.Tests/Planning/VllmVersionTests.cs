using AiInfra.AppHost.Planning;

namespace AiInfra.Tests.Planning;

public sealed class VllmVersionTests
{
    [Theory]
    [InlineData("0.19.0", 19, 0, false)]
    [InlineData("v0.10.1.1", 10, 1, false)]
    [InlineData("0.6.x (V0 engine)", 6, 0, true)]
    [InlineData("0.7.x (V1 engine)", 7, 0, false)]
    [InlineData("0.8.x (V0 engine)", 8, 0, true)]
    [InlineData("0.5.3 (V0)", 5, 3, true)]
    [InlineData("0.14.0rc2.dev348", 14, 0, false)]
    [InlineData("0.1.dev1+gda1daf40b (0.22 line)", 22, 1, false)]
    [InlineData("0.2x (2026-08)", 25, 0, false)]
    [InlineData("nightly 1acd67a7", 32, 0, false)]
    public void Reads_what_logs_call_a_release(string text, int minor, int patch, bool isV0) => Assert.Equal(
        new VllmVersion(minor, patch, isV0), VllmVersion.Parse(text));

    [Fact]
    public void Refuses_what_is_no_release()
    {
        var problem = Assert.Throws<PlanInputException>(() => VllmVersion.Parse("two"));
        Assert.Contains("0.32.0", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_graphs_inside_the_budget_only_since_the_release_that_does()
    {
        Assert.False(new VllmRules(VllmVersion.Parse("0.20.2")).CountsCudaGraphs);
        Assert.True(new VllmRules(VllmVersion.Parse("0.21.0")).CountsCudaGraphs);
        Assert.Equal(0.92, new VllmRules(VllmVersion.Newest).DefaultUtilization);
    }
}
