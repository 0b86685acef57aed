AiInfra.Gateway.GatewayApp.Build(args).Run();
