using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Admin;
using AiInfra.MemoryService.Chat;
using AiInfra.MemoryService.Context;
using AiInfra.MemoryService.Description;
using AiInfra.MemoryService.Erasure;
using AiInfra.MemoryService.Export;
using AiInfra.MemoryService.Knowledge;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Telemetry;

namespace AiInfra.MemoryService;

/// <summary>The memory service, part by part. Apart from <c>Program.cs</c> so that a test can ask which endpoints it has.</summary>
internal static class MemoryApp
{
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);

        builder.AddServiceDefaults();
        builder.AddStrictHttp();
        builder.AddServiceTokens("memory");
        builder.AddServiceTokenClient();
        builder.AddAccess();
        builder.AddEmbeddings();
        builder.AddMemories();
        builder.AddChromaClient("chroma");
        builder.AddIndexing();
        builder.AddSearch();
        builder.AddDomains();
        builder.AddChat();
        builder.AddLifecycle();
        builder.AddExtraction();
        builder.AddMemoryAdministration();
        builder.AddMemoryMcp();
        builder.AddMemoryDescription();
        builder.AddMemoryMetrics();

        var app = builder.Build();

        app.UseStrictHttp();
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
        app.MapDomains();
        app.MapExport();
        app.MapErasure();
        app.MapMemoryAdmin();
        app.MapMemoryMcp();
        app.MapMemoryDescription();

        return app;
    }
}
