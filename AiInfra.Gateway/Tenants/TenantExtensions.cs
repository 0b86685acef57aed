namespace AiInfra.Gateway.Tenants;

internal static class TenantExtensions
{
    public static void AddTenants(this WebApplicationBuilder builder) => builder.Services.AddSingleton<ApiKeys>();
}
