using AiInfra.MemoryService.Extraction;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

internal static class ExtractionExtensions
{
    /// <summary>Facts from messages, by a model behind the gateway. Off until <c>Extraction:Model</c> is set.</summary>
    public static void AddExtraction(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<ExtractionOptions, ExtractionOptionsValidator>().BindConfiguration(ExtractionOptions.Section);
        var client = builder.Services.AddHttpClient<FactModel>((services, http) => http.Timeout = services.GetRequiredService<IOptions<ExtractionOptions>>().Value.Timeout);
#pragma warning disable EXTEXP0001 // Experimental, and the only way: the standard handler would send a prompt again that is being worked on.
        client.RemoveAllResilienceHandlers();
#pragma warning restore EXTEXP0001
        builder.Services.AddHostedService<ExtractionWorker>();
    }
}
