using AiInfra.ServiceDefaults.Listeners;

namespace AiInfra.Gateway.Policies;

/// <summary><c>/admin</c> on the admin listener, for who has the administrators' key.</summary>
internal static class AdminEndpoints
{
    public static void MapAdministration(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/admin").RequireListener(ListenerNames.Admin).WithTags("Administration");
        admin.AddEndpointFilter<RouteGroupBuilder, AdminKeyFilter>();
        admin.MapKeyAdministration();
        admin.MapPolicyAdministration();
        admin.MapUsageReports();
    }
}
