using AiInfra.Gateway.Usage;

namespace AiInfra.Gateway.Limits;

internal static class LimitExtensions
{
    public static void AddLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<LimitOptions, LimitOptionsValidator>().BindConfiguration(LimitOptions.Section);
        builder.Services.AddSingleton<RedisLink>();
        builder.Services.AddSingleton<LimitService>();
        builder.Services.AddSingleton<UsageBook>();
        builder.Services.AddSingleton<PromptCounter>();
        builder.Services.AddSingleton<Calls>();
        builder.Services.AddSingleton<PlainCalls>();
        builder.Services.AddHostedService<LimitWorker>();
    }
}
