using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace AiInfra.ServiceDefaults.Containers;

/// <summary>Secrets that a container runtime mounts as files.</summary>
public static class SecretFiles
{
    /// <summary>
    /// Reads the folder that <c>SecretsFolder</c> names, when it does: one setting a file, its name the setting's with <c>__</c> between
    /// sections, as in variables, and stronger than they are. A trailing line break is no part of a value.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">The folder is named and not there: better no start than one without secrets.</exception>
    public static void AddSecretFiles(this WebApplicationBuilder builder)
    {
        if (builder.Configuration["SecretsFolder"] is not { Length: > 0 } folder)
        {
            return;
        }

        builder.Configuration.AddInMemoryCollection(Directory.GetFiles(folder).Select(file => KeyValuePair.Create(
            Path.GetFileName(file).Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal),
            (string?)File.ReadAllText(file).TrimEnd('\r', '\n'))));
    }
}
