using AiInfra.ServiceDefaults.Containers;

if (!HealthProbe.Answers(args))
{
    AiInfra.Gateway.GatewayApp.Build(args).Run();
}
