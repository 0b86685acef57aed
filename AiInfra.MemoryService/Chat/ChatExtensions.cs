using AiInfra.MemoryService.Chat;

namespace Microsoft.Extensions.DependencyInjection;

internal static class ChatExtensions
{
    /// <summary>Memories on chat calls: the service's half, the gateway has the other.</summary>
    public static void AddChat(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<ChatOptions, ChatOptionsValidator>().BindConfiguration(ChatOptions.Section);
        builder.Services.AddSingleton<ChatTurns>();
    }
}
