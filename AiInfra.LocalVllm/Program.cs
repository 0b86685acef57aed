using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Serving;

try
{
    var settings = ServeCommand.Parse(args, Environment.GetEnvironmentVariable);
    await using var app = await ServingHost.StartAsync(settings, CancellationToken.None);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception problem) when (problem is EngineStartException or ServeCommandException or IOException)
{
    await Console.Error.WriteLineAsync(problem.Message);
    return 2;
}
