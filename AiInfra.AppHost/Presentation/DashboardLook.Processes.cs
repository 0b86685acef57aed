namespace Aspire.Hosting;

internal static class DashboardLook
{
    /// <summary>Nothing to do: this engine's table has neither icons nor links with names.</summary>
    public static void AddDashboardLook(this IDistributedApplicationBuilder builder) => ArgumentNullException.ThrowIfNull(builder);
}
