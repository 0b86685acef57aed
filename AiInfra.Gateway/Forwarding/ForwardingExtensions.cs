using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Forwarding;

internal static class ForwardingExtensions
{
    public static void AddForwarding(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<ForwardingOptions, ForwardingOptionsValidator>().BindConfiguration(ForwardingOptions.Section);
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<ForwardingOptions>>((kestrel, forwarding) =>
        {
            kestrel.Limits.MaxRequestBodySize = forwarding.Value.MaxRequestBodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = forwarding.Value.MaxRequestHeaderBytes;
            kestrel.Limits.RequestHeadersTimeout = forwarding.Value.RequestHeadersTimeout;
        });
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, ReceiveBlocks>();
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton<UpstreamClient>();
        builder.Services.AddSingleton<ShutdownDrain>();
        builder.Services.AddSingleton<ResponseAffinity>();
        builder.Services.AddSingleton<PoisonList>();
        builder.Services.AddSingleton<ReplicaPicker>();
        builder.Services.AddSingleton<ReplicaDispatcher>();
        builder.Services.AddSingleton<ModelForwarder>();
    }
}
