using AiInfra.MemoryService.Chat;
using AiInfra.MemoryService.Context;
using AiInfra.MemoryService.Knowledge;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Storage;

namespace Microsoft.Extensions.DependencyInjection;

internal static class MemoryExtensions
{
    /// <summary>The record store.</summary>
    public static void AddMemories(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<StorageOptions, StorageOptionsValidator>().BindConfiguration(StorageOptions.Section);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<TenantDatabases>();
        builder.Services.AddSingleton<MemoryStore>();
        builder.Services.AddExceptionHandler<StorageExceptionHandler>();
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, MemoryJson.Default);
            options.SerializerOptions.TypeInfoResolverChain.Insert(1, SearchJson.Default);
            options.SerializerOptions.TypeInfoResolverChain.Insert(2, KnowledgeJson.Default);
            options.SerializerOptions.TypeInfoResolverChain.Insert(3, ContextJson.Default);
            options.SerializerOptions.TypeInfoResolverChain.Insert(4, ChatJson.Default);
        });
    }
}
