using System.IO.Compression;
using AiInfra.ServiceDefaults.Network;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Limits of connections, and compression where it is asked for.</summary>
public static class NetworkExtensions
{
    /// <summary>Applies <see cref="NetworkOptions"/> to every listener. A service may set its own limits afterwards.</summary>
    public static WebApplicationBuilder AddNetworkDefaults(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<NetworkOptions>, NetworkOptionsValidator>();
        builder.Services.AddOptionsWithValidateOnStart<NetworkOptions>().BindConfiguration(NetworkOptions.Section);
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<NetworkOptions>>((kestrel, network) =>
        {
            kestrel.Limits.RequestHeadersTimeout = network.Value.RequestHeadersTimeout;
            kestrel.Limits.KeepAliveTimeout = network.Value.KeepAliveTimeout;
            kestrel.Limits.MaxConcurrentConnections = network.Value.MaxConnections;
        });
        if (builder.Configuration.GetSection(NetworkOptions.Section)["CompressAnswers"] is { } asked && bool.TryParse(asked, out var compress) && compress)
        {
            builder.Services.AddResponseCompression(compression =>
            {
                // A bearer key is in no answer, and no browser sends it along by itself: nothing for an attacker to guess by size.
                compression.EnableForHttps = true;
                compression.MimeTypes = ["application/json", "application/problem+json"];
            });
            builder.Services.Configure<BrotliCompressionProviderOptions>(brotli => brotli.Level = CompressionLevel.Fastest);
            builder.Services.Configure<GzipCompressionProviderOptions>(gzip => gzip.Level = CompressionLevel.Fastest);
            builder.Services.AddSingleton<IStartupFilter, CompressionFirst>();
        }

        return builder;
    }

    private sealed class CompressionFirst : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UseResponseCompression();
            next(app);
        };
    }
}
