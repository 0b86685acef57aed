using AiInfra.MemoryService.Admin;
using AiInfra.MemoryService.Backup;
using AiInfra.MemoryService.Erasure;
using AiInfra.MemoryService.Export;

namespace Microsoft.Extensions.DependencyInjection;

internal static class AdminExtensions
{
    /// <summary>Rebuild, backup, erasure, export and import.</summary>
    public static void AddMemoryAdministration(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<BackupOptions, BackupOptionsValidator>().BindConfiguration(BackupOptions.Section);
        builder.Services.AddSingleton<MemoryBackup>();
        builder.Services.AddHostedService<BackupWorker>();
        builder.Services.AddSingleton<MemoryErasure>();
        builder.Services.AddSingleton<MemoryImport>();
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, AdminJson.Default);
            options.SerializerOptions.TypeInfoResolverChain.Insert(1, ErasureJson.Default);
            options.SerializerOptions.TypeInfoResolverChain.Insert(2, ExportJson.Default);
        });
    }
}
