namespace AiInfra.Gateway.Augmentation;

internal static class AugmentationExtensions
{
    /// <summary>Memory on chat calls.</summary>
    public static void AddAugmentation(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<AugmentationOptions, AugmentationOptionsValidator>().BindConfiguration(AugmentationOptions.Section);
        builder.Services.AddSingleton<MemoryTurns>();
        builder.Services.AddSingleton<ChatMemory>();
        builder.Services.AddSingleton<MemoryOnChat>();
    }
}
