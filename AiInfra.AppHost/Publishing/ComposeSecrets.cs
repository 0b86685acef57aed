using Aspire.Hosting.Docker.Resources;
using Aspire.Hosting.Docker.Resources.ComposeNodes;
using Aspire.Hosting.Docker.Resources.ServiceNodes;

namespace AiInfra.AppHost.Publishing;

/// <summary>
/// Takes secrets out of variables, which <c>docker inspect</c> shows to everybody, and mounts each as a file named like its variable.
/// </summary>
internal sealed class ComposeSecrets(IEnumerable<ParameterResource> parameters)
{
    private const string Folder = "./secrets";

    // Aspire refers to a parameter by its name in capitals.
    private readonly Dictionary<string, string> _names = parameters.ToDictionary(parameter => parameter.Name.ToUpperInvariant().Replace('-', '_'), parameter => parameter.Name);
    private readonly SortedSet<string> _used = new(StringComparer.Ordinal);

    public bool Owns(string variable) => _names.ContainsKey(variable);

    public void Move(Service service)
    {
        foreach (var (variable, value) in service.Environment.ToList())
        {
            if (SourceOf(variable, value) is not { } source)
            {
                continue;
            }

            service.Environment.Remove(variable);
            service.Secrets.Add(new SecretReference { Source = source, Target = variable });
            _used.Add(source);
            if (variable == "GF_SECURITY_ADMIN_PASSWORD")
            {
                service.Environment[$"{variable}__FILE"] = $"/run/secrets/{variable}";
            }
        }

        // Our services read a folder of files as settings; the others do it by the shell that starts them.
        if (service.Secrets.Count > 0 && service.Environment.ContainsKey("HTTP_PORTS"))
        {
            service.Environment["SecretsFolder"] = "/run/secrets";
        }
    }

    public void Declare(ComposeFile file)
    {
        foreach (var source in _used)
        {
            file.Secrets[source] = new Secret { File = $"{Folder}/{source}" };
        }
    }

    /// <returns>The file's name: the parameter's, or <c>NAME-connection</c> for a connection string with a password in it.</returns>
    private string? SourceOf(string variable, string value)
    {
        var found = _names.FirstOrDefault(name => value.Contains($"${{{name.Key}}}", StringComparison.Ordinal));
        if (found.Key is null)
        {
            return null;
        }

        return value == $"${{{found.Key}}}" ? found.Value
            : variable.StartsWith("ConnectionStrings__", StringComparison.Ordinal) ? $"{variable["ConnectionStrings__".Length..]}-connection"
            : throw new InvalidOperationException($"'{variable}' mixes a secret with other text: it would stand in a file as a variable that nobody fills in.");
    }
}
