namespace Aspire.Hosting;

/// <summary>This engine publishes nothing; the sister of the same name in Publishing/ is compiled under Aspire.</summary>
internal static class PublishingExtensions
{
    public static void AddPublishing(this IDistributedApplicationBuilder builder) => ArgumentNullException.ThrowIfNull(builder);
}
