using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>Three lines to copy once everything is up: a chat, a memory, the MCP address.</summary>
internal static class FirstSteps
{
    public static void AddFirstSteps(
        this IDistributedApplicationBuilder builder, IResourceBuilder<IResourceWithEndpoints> gateway, IResourceBuilder<ParameterResource> apiKey)
    {
        if (builder.Configuration.GetValue("AppHost:Quiet", false))
        {
            return;
        }

        var secrets = builder.Secrets().Path;
        builder.Eventing.Subscribe<AfterResourcesCreatedEvent>(async (_, cancellationToken) =>
        {
            var url = new EndpointReference(gateway.Resource, "http").Url;
            var model = AiInfra.AppHost.Vllm.VllmPoolSettings.From(builder.Configuration, "vllm")[0].Model;
            // A log file or a pipe is read by others: the key is shown to a person only.
            var key = Console.IsOutputRedirected ? "$AIINFRA_KEY" : await apiKey.Resource.GetValueAsync(cancellationToken);
            var call = $"-H 'Authorization: Bearer {key}' -H 'Content-Type: application/json'";
            Console.WriteLine($$"""

                Chat:    curl {{url}}/v1/chat/completions {{call.Replace('\'', '"')}} -d '{"model":"{{model}}","messages":[{"role":"user","content":"Hello"}]}'
                Memory:  curl {{url}}/v1/memories {{call.Replace('\'', '"')}} -d '{"text":"The build server is called Ada."}'
                MCP:     {{url}}/mcp   (streamable HTTP, header "Authorization: Bearer {{key}}")
                """);
            if (Console.IsOutputRedirected)
            {
                Console.WriteLine($"The key stands as api-key in {secrets}: put it into AIINFRA_KEY.");
            }
        });
    }
}
