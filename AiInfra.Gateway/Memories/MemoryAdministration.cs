using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Policies;
using AiInfra.Gateway.Tenants;
using AiInfra.ServiceDefaults.ServiceTokens;

namespace AiInfra.Gateway.Memories;

/// <summary>What operators do with a tenant's memories: <c>?tenant=NAME</c> names whose. The memory service takes it from the token alone.</summary>
internal static class MemoryAdministration
{
    private const string TenantParameter = "tenant";
    private const string DefaultTenant = "default";

    public static void MapMemoryAdministration(this RouteGroupBuilder admin)
    {
        admin.MapGet("/memory/rebuild", ForwardAsync);
        admin.MapPost("/memory/rebuild", ForwardAsync);
        admin.MapPost("/memory/backup", ForwardAsync);
        admin.MapPost("/memory/erase", ForwardAsync);
        admin.MapGet("/memory/erasures/{id}", ForwardAsync);
    }

    private static async Task ForwardAsync(HttpContext context, MemoryProxy memories, Audit audit)
    {
        var tenant = context.Request.Query[TenantParameter] is [{ Length: > 0 } named] ? named : DefaultTenant;
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            // rebuild memory, backup memory, erase memory
            await audit.ActedAsync($"{context.Request.Path.Value!.Split('/')[^1]} memory", tenant);
        }

        await memories.ForwardAsync(context, Dialect.Problem, new Caller("admin", tenant, "admin") { MemoryScopes = ServiceScopes.MemoryAdmin });
    }
}
