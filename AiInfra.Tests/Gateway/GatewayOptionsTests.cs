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
