using System.Collections;
using System.Globalization;
using Microsoft.Extensions.Hosting;

namespace AiInfra.AppHost.ProcessEngine.Running;

/// <summary>Evaluates the callbacks of a resource: what its process sees. Done again at every start.</summary>
internal static class ResourceEnvironment
{
    private static readonly string[] NotInherited =
        ["ASPNETCORE_URLS", "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "DOTNET_LAUNCH_PROFILE", "ASPIRE_LOGLEVEL"];

    public static async Task<Dictionary<string, string>> VariablesAsync(
        IResource resource, DistributedApplicationExecutionContext executionContext, CancellationToken cancellationToken)
    {
        var context = new EnvironmentCallbackContext(executionContext, resource, cancellationToken);
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.TargetPortEnvironmentVariable is not null))
        {
            context.EnvironmentVariables[endpoint.TargetPortEnvironmentVariable!] = endpoint.AllocatedEndpoint!.Port.ToString(CultureInfo.InvariantCulture);
        }

        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToList())
        {
            await annotation.Callback(context);
        }

        var variables = Inherited();
        foreach (var (name, value) in context.EnvironmentVariables)
        {
            variables[name] = await TextAsync(value, cancellationToken);
        }

        return variables;
    }

    public static async Task<List<string>> ArgumentsAsync(IResource resource, CancellationToken cancellationToken)
    {
        var context = new CommandLineArgsCallbackContext([], cancellationToken);
        foreach (var annotation in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>().ToList())
        {
            await annotation.Callback(context);
        }

        var arguments = new List<string>();
        foreach (var argument in context.Args)
        {
            arguments.Add(await TextAsync(argument, cancellationToken));
        }

        return arguments;
    }

    private static Dictionary<string, string> Inherited() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Select(entry => ((string)entry.Key, (string?)entry.Value ?? ""))
        .Where(entry => !NotInherited.Contains(entry.Item1, StringComparer.OrdinalIgnoreCase)
            && !entry.Item1.StartsWith("DCP_", StringComparison.OrdinalIgnoreCase)
            && !entry.Item1.StartsWith("DEBUG_SESSION", StringComparison.OrdinalIgnoreCase))
        .ToDictionary(entry => entry.Item1, entry => entry.Item2);

    private static async Task<string> TextAsync(object value, CancellationToken cancellationToken) =>
        (value is IValueProvider provider ? await provider.GetValueAsync(cancellationToken) : Convert.ToString(value, CultureInfo.InvariantCulture)) ?? "";
}

/// <summary>What a .NET project sees beyond its references.</summary>
internal static class ProjectEnvironment
{
    public static void Add(EnvironmentCallbackContext context, IResource resource, IDistributedApplicationBuilder builder)
    {
        var urls = resource.Annotations.OfType<EndpointAnnotation>()
            .Where(endpoint => endpoint is { UriScheme: "http" or "https", TargetPortEnvironmentVariable: null })
            .Select(endpoint => $"{endpoint.UriScheme}://{endpoint.TargetHost}:{endpoint.AllocatedEndpoint!.Port}");
        if (string.Join(';', urls) is { Length: > 0 } addresses)
        {
            context.EnvironmentVariables["ASPNETCORE_URLS"] = addresses;
        }

        context.EnvironmentVariables["DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION"] = "true";
        context.EnvironmentVariables["LOGGING__CONSOLE__FORMATTERNAME"] = "simple";
        if (builder.Environment.IsDevelopment())
        {
            context.EnvironmentVariables["OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION"] = "true";
            context.EnvironmentVariables["OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION"] = "true";
        }
    }
}
