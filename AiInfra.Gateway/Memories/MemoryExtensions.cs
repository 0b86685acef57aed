namespace AiInfra.Gateway.Memories;

internal static class MemoryExtensions
{
    public static void AddMemoryProxy(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MemoryLocator>();
        builder.Services.AddSingleton<MemoryProxy>();
        builder.Services.AddSingleton<McpResource>();
    }
}
