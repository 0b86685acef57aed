using AiInfra.AppHost.Documents;
using AiInfra.AppHost.Monitoring;
using AiInfra.AppHost.Planning;
using AiInfra.AppHost.Redis;
using AiInfra.AppHost.State;

// `plan` answers what fits, `docs` writes what of the documents is generated; the redis of machines without redis-server is this same
// binary, started once more by the process form.
if (args is ["plan" or DocumentCommand.Verb or GarnetHost.Verb, ..])
{
    return args[0] switch { "plan" => PlanCommand.Run(args[1..]), DocumentCommand.Verb => DocumentCommand.Run(args[1..]), _ => GarnetHost.Run(args) };
}

var builder = DistributedApplication.CreateBuilder(args);

// What an operator owns: made on the first run, kept in the state folder
var apiKey = builder.AddGeneratedSecret("api-key", GeneratedSecrets.ApiKey);
var adminKey = builder.AddGeneratedSecret("admin-key", GeneratedSecrets.ApiKey);
var signingKey = builder.AddGeneratedSecret("signing-key", GeneratedSecrets.SigningKey);

// Stores, and models: one service name a pool, however many servers are behind it
var redis = builder.AddRedisStore("redis");
var chroma = builder.AddChromaServer("chroma");
var vllm = builder.AddVllmPools("vllm");

// Services. The gateway does not wait for models: it is useful while they load, and says so.
var gateway = builder.AddDotnetProject("gateway", "../AiInfra.Gateway/AiInfra.Gateway.csproj")
    .WithHttpEndpoint(port: builder.GatewayPort())
    .WithHttpEndpoint(name: "internal", env: "Listeners__Internal__Port")
    .WithHttpEndpoint(name: "admin", env: "Listeners__Admin__Port")
    .WithHttpHealthCheck("/health", endpointName: "internal")
    .WithReference(redis).WaitFor(redis)
    .WithModels(vllm).WithDrainCommands(vllm, adminKey)
    .WithOperatorKeys(apiKey, adminKey)
    .WithEnvironment("Tokens__SigningKey", signingKey)
    .WithGatewayData()
    .WithPrivateTelemetry();

var memory = builder.AddDotnetProject("memory", "../AiInfra.MemoryService/AiInfra.MemoryService.csproj")
    .WithHttpEndpoint().WithHttpHealthCheck("/health")
    .WithReference(chroma) // no wait: Chroma is an index, and may be away
    .WithReference(gateway.GetEndpoint("internal"))
    .WithIdentityAt(gateway, mayCall: "gateway")
    .WithMemoryData().WithPrivateTelemetry();

gateway.WithReference(memory.GetEndpoint("http")); // each finds the other; neither waits

// Monitoring, as far as its programs are on PATH
var prometheus = builder.AddPrometheus("prometheus", builder.AddAlertmanager("alertmanager"),
[
    new(JobNames.Gateway, gateway.GetEndpoint("internal")), new(JobNames.Memory, memory.GetEndpoint("http")),
    .. ScrapeSource.Replicas(vllm), .. builder.AddRedisExporter("redis-exporter", redis), .. builder.AddNodeExporter("node-exporter"),
    .. builder.AddGpuExporter("gpu-exporter"),
]);
builder.AddGrafana("grafana", prometheus);
builder.AddDashboardLook();
builder.AddFirstSteps(gateway, apiKey);
builder.AddPublishing(); // what Compose, Kubernetes and Azure need beyond the above
builder.Build().Run();
return 0;
