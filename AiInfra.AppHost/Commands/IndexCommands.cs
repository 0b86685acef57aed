using System.Text.Json;
using AiInfra.AppHost.Commands;

namespace Aspire.Hosting;

/// <summary>What an operator does with the memory index.</summary>
internal static class IndexCommands
{
    private const string Collections = "api/v2/tenants/default_tenant/databases/default_database/collections";

    /// <summary>
    /// Gives Chroma the command <c>rebuild-index</c>: it deletes the memory service's collections, which writes them again from its records
    /// at the next change, or within a minute.
    /// </summary>
    public static IResourceBuilder<IResourceWithConnectionString> WithRebuildCommand(this IResourceBuilder<IResourceWithConnectionString> chroma) =>
        chroma.Resource is IResourceWithEndpoints server
            ? chroma.WithCommand("rebuild-index", "Rebuild the index", context => ServiceCall.ToResultAsync(async () =>
            {
                var url = $"{new EndpointReference(server, "http").Url}/{Collections}";
                foreach (var name in Names(await ServiceCall.SendAsync(HttpMethod.Get, $"{url}?limit=1000", null, context.CancellationToken)))
                {
                    await ServiceCall.SendAsync(HttpMethod.Delete, $"{url}/{name}", null, context.CancellationToken);
                }
            }))
            : chroma;

    // [{"id":"…","name":"memories-…"}]: what somebody else keeps in this server stays.
    private static List<string> Names(string json)
    {
        using var collections = JsonDocument.Parse(json);
        return [.. collections.RootElement.EnumerateArray().Select(one => one.GetProperty("name").GetString()!)
            .Where(name => name.StartsWith("memories-", StringComparison.Ordinal))];
    }
}
