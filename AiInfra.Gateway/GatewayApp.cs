using AiInfra.Gateway.Admin;
using AiInfra.Gateway.Admission;
using AiInfra.Gateway.Augmentation;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Memories;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Policies;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Routing;
using AiInfra.Gateway.Telemetry;
using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Tokens;

namespace AiInfra.Gateway;

/// <summary>The gateway, part by part. Apart from <c>Program.cs</c> so that tests and benchmarks can start it in their own process.</summary>
internal static class GatewayApp
{
    public static WebApplication Build(string[] args)
    {
        // Settings lie beside the assembly, wherever the gateway is started from.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

        builder.AddServiceDefaults();
        builder.AddStrictHttp();
        builder.AddTenants();
        builder.AddPolicies();
        builder.AddLimits();
        builder.AddModelCatalog();
        builder.AddReplicas();
        builder.AddRouting();
        builder.AddAdmission();
        builder.AddForwarding();
        builder.AddGatewayMetrics();
        builder.AddServiceTokenIssuer();
        builder.AddMemoryProxy();
        builder.AddAugmentation();
        builder.AddAdmin();
        builder.AddPublicApi();

        var app = builder.Build();

        app.UseStrictHttp();
        app.UsePublicApi();
        app.UseServiceTokenIssuer();
        app.UseRouting();

        app.MapDefaultEndpoints();
        app.MapAdmin();

        return app;
    }
}
