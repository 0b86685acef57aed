using AiInfra.MemoryService;
using AiInfra.MemoryService.Backup;
using AiInfra.ServiceDefaults.Containers;

if (HealthProbe.Answers(args))
{
    return 0;
}

if (args is [RestoreCommand.Name, .. var rest])
{
    return RestoreCommand.Run(rest, Console.Out);
}

MemoryApp.Build(args).Run();
return 0;
