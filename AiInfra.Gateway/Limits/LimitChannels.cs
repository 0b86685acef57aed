using StackExchange.Redis;

namespace AiInfra.Gateway.Limits;

/// <summary>What gateways tell each other through the store.</summary>
internal static class LimitChannels
{
    public static RedisChannel AskBack { get; } = RedisChannel.Literal("aiinfra:limits:ask-back");

    public static RedisChannel GivenBack { get; } = RedisChannel.Literal("aiinfra:limits:given-back");
}
