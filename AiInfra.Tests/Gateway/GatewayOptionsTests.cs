using Microsoft.Extensions.Options;

namespace AiInfra.Tests.Gateway;

public sealed class GatewayOptionsTests
{
    [Theory]
    [InlineData("--Gateway:Keys:0:Key=secret", "Gateway:Keys:0:Key")]
    [InlineData("--Gateway:Keys:0:Id=", "Gateway:Keys:0:Id")]
    [InlineData("--Gateway:Models:0:Name=", "Gateway:Models:0:Name")]
    [InlineData("--Gateway:Models:0:Service=http://evil", "Gateway:Models:0:Service")]
    [InlineData("--Gateway:Models:0:Aliases:0=tiny", "Gateway:Models:0")]
    [InlineData("--Forwarding:MaxAttempts=99", "MaxAttempts")]
    [InlineData("--Routing:Policy=Best", "ExpectedCost, LeastOutstanding")]
    [InlineData("--Admission:MaxQueued=-1", "MaxQueued")]
    [InlineData("--Replicas:StallTimeout=0", "StallTimeout")]
    [InlineData("--Admin:Key=short", "Admin:Key")]
    [InlineData("--Gateway:Models:0:Fallbacks:0=none", "Gateway:Models:0:Fallbacks")]
    [InlineData("--Gateway:Keys:0:Priority=1000", "Gateway:Keys:0:Priority")]
    [InlineData("--Tokens:SigningKey=abc", "Tokens:SigningKey")]
    [InlineData("--services:memory:http:0=http://localhost:1", "Tokens:SigningKey")]
    [InlineData("--Hosts:Origins:0=console", "Hosts:Origins")]
    public async Task A_wrong_setting_stops_the_start_and_is_named(string setting, string name)
    {
        var problem = await Assert.ThrowsAsync<OptionsValidationException>(() => GatewayServer.StartAsync([], setting));

        Assert.Contains(name, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem.Message, StringComparison.Ordinal);
    }
}
