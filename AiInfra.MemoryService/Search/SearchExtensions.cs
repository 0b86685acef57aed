using AiInfra.MemoryService.Context;
using AiInfra.MemoryService.Knowledge;
using AiInfra.MemoryService.Search;

namespace Microsoft.Extensions.DependencyInjection;

internal static class SearchExtensions
{
    public static void AddSearch(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<SearchOptions, SearchOptionsValidator>().BindConfiguration(SearchOptions.Section);
        builder.Services.AddSingleton<ScopeIndexes>();
        builder.Services.AddSingleton<MemorySearch>();
        builder.Services.AddSingleton<ContextBuilder>();
        builder.Services.AddSingleton<Keywords>();
    }
}
