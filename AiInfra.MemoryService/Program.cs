using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Chat;
using AiInfra.MemoryService.Context;
using AiInfra.MemoryService.Knowledge;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Telemetry;
using AiInfra.ServiceDefaults.Containers;

if (HealthProbe.Answers(args))
{
    return;
}

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddServiceTokens("memory");
builder.AddServiceTokenClient();
builder.AddAccess();
builder.AddEmbeddings();
builder.AddMemories();
builder.AddChromaClient("chroma");
builder.AddIndexing();
builder.AddSearch();
builder.AddChat();
builder.AddLifecycle();
builder.AddMemoryMcp();
builder.AddMemoryMetrics();

var app = builder.Build();

app.UseMemoryMetrics();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseAuthentication();
app.UseAuthorization();

app.MapDefaultEndpoints();
app.MapMemories();
app.MapSearch();
app.MapContext();
app.MapChat();
app.MapKnowledge();
app.MapMemoryMcp();

app.Run();
