using System.Net;
using AiInfra.LocalVllm.Adapters;
using AiInfra.LocalVllm.Admin;
using AiInfra.LocalVllm.Chat;
using AiInfra.LocalVllm.Completions;
using AiInfra.LocalVllm.Docs;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Health;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Kv;
using AiInfra.LocalVllm.Messages;
using AiInfra.LocalVllm.Metrics;
using AiInfra.LocalVllm.Models;
using AiInfra.LocalVllm.Pooling;
using AiInfra.LocalVllm.Responses;
using AiInfra.LocalVllm.ScaleOut;
using AiInfra.LocalVllm.Simulation;
using AiInfra.LocalVllm.Tokenization;
using AiInfra.LocalVllm.Trouble;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace AiInfra.LocalVllm.Serving;

/// <summary>Builds the server: one engine, the routes that its settings ask for, and Kestrel set to behave as uvicorn does.</summary>
internal static partial class ServingHost
{
    /// <exception cref="EngineStartException">The settings do not fit the engine.</exception>
    public static async Task<WebApplication> StartAsync(ServeSettings settings, CancellationToken cancellationToken)
    {
        // Empty, because the command line alone decides: no appsettings.json, no ASPNETCORE_URLS.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, settings));
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        AddServices(builder.Services, settings);
        var app = builder.Build();
        var engine = app.Services.GetRequiredService<IInferenceEngine>();
        await engine.StartAsync(cancellationToken);
        // Only now does the engine know its model, which the metrics need.
        var metrics = app.Services.GetRequiredService<ServingMetrics>();
        engine.StepCompleted = tokens => metrics.IterationTokens.Observe(tokens);
        Map(app.Services);
        var surface = app.Services.GetRequiredService<HttpSurface>();
        app.Run(surface.HandleAsync);
        await app.StartAsync(cancellationToken);
        var address = app.Urls.First();
        Serving(app.Logger, settings.Names[0], address, engine.Model.Notice);
        return app;
    }

    private static void AddServices(IServiceCollection services, ServeSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider => EngineFactory.Create(settings, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton(provider => provider.GetRequiredService<IInferenceEngine>().Model);
        services.AddSingleton(provider => new ServingMetrics(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<EngineModel>().MaxModelLength));
        services.AddSingleton(new ToolCallMetrics(settings.Names[0]));
        services.AddSingleton<HttpMetrics>();
        services.AddSingleton<ServerLoad>();
        services.AddSingleton<RouteTable>();
        services.AddSingleton<HttpSurface>();
        services.AddSingleton<ServedModels>();
        services.AddSingleton<Fingerprint>();
        services.AddSingleton<LoadHeader>();
        services.AddSingleton<Admission>();
        services.AddSingleton<TextGenerator>();
        services.AddSingleton<ChatRequestReader>();
        services.AddSingleton<ChatReplyWriter>();
        services.AddSingleton<ChatStreamWriter>();
        services.AddSingleton<ChatEndpoint>();
        services.AddSingleton<CompletionRequestReader>();
        services.AddSingleton<CompletionEndpoint>();
        services.AddSingleton<TokenizeEndpoints>();
        services.AddSingleton<PoolingInput>();
        services.AddSingleton<PoolingRuns>();
        services.AddSingleton<EmbeddingEndpoints>();
        services.AddSingleton<ScoreEndpoints>();
        services.AddSingleton<ChatBatchEndpoint>();
        services.AddSingleton<ResponseStore>();
        services.AddSingleton<ResponseRequestReader>();
        services.AddSingleton<ResponseEndpoints>();
        services.AddSingleton<MessageRequestReader>();
        services.AddSingleton<MessageEndpoints>();
        services.AddSingleton<InvocationsEndpoint>();
        services.AddSingleton<GenerativeScoringEndpoint>();
        services.AddSingleton<GenerateEndpoints>();
        services.AddSingleton<AdapterEndpoints>();
        services.AddSingleton<EngineControl>();
        services.AddSingleton<DevModeEndpoints>();
        services.AddSingleton<DocsEndpoints>();
        services.AddSingleton<TroubleState>();
        services.AddSingleton<TroubleGate>();
        services.AddSingleton<IHostLifetime, StopLifetime>();
        services.AddSingleton<HealthEndpoints>();
        services.AddSingleton<MetricsEndpoint>();
    }

    private static void Map(IServiceProvider services)
    {
        var routes = services.GetRequiredService<RouteTable>();
        services.GetRequiredService<HealthEndpoints>().Map(routes);
        services.GetRequiredService<MetricsEndpoint>().Map(routes);
        services.GetRequiredService<ServedModels>().Map(routes);
        services.GetRequiredService<TokenizeEndpoints>().Map(routes);
        services.GetRequiredService<InvocationsEndpoint>().Map(routes);
        services.GetRequiredService<DevModeEndpoints>().Map(routes);
        services.GetRequiredService<DocsEndpoints>().Map(routes);
        var settings = services.GetRequiredService<ServeSettings>();
        KvEventSourcesEndpoint.Map(routes, settings);
        ScalingEndpoints.Map(routes, generating: settings.Runner != "pooling");
        if (services.GetRequiredService<IInferenceEngine>() is SimulatedEngine simulated)
        {
            new TroubleEndpoint(services.GetRequiredService<TroubleState>(), simulated, services.GetRequiredService<IHostApplicationLifetime>()).Map(routes);
        }

        if (settings.Runner == "pooling")
        {
            services.GetRequiredService<EmbeddingEndpoints>().Map(routes);
            services.GetRequiredService<ScoreEndpoints>().Map(routes);
            return;
        }

        services.GetRequiredService<ChatEndpoint>().Map(routes);
        services.GetRequiredService<CompletionEndpoint>().Map(routes);
        services.GetRequiredService<ChatBatchEndpoint>().Map(routes);
        services.GetRequiredService<ResponseEndpoints>().Map(routes);
        services.GetRequiredService<MessageEndpoints>().Map(routes);
        services.GetRequiredService<GenerativeScoringEndpoint>().Map(routes);
        services.GetRequiredService<GenerateEndpoints>().Map(routes);
        services.GetRequiredService<AdapterEndpoints>().Map(routes);
    }

    private static void Configure(KestrelServerOptions kestrel, ServeSettings settings)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(settings.KeepAliveSeconds);
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MaxRequestHeadersTotalSize = 1 << 20;
        kestrel.Limits.MaxRequestHeaderCount = 1000;
        kestrel.Limits.MaxRequestLineSize = 64 * 1024;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        var address = settings.Host is "localhost" ? IPAddress.Loopback : IPAddress.Parse(settings.Host);
        kestrel.Listen(address, settings.Port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(BadRequestText.Below);
        });
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Serving {Model} on {Address}. This is not vLLM: it speaks vLLM's API. {Notice}")]
    private static partial void Serving(ILogger logger, string model, string address, string notice);
}
