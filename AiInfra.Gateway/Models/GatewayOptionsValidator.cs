using AiInfra.Gateway.Tenants;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Models;

/// <summary>Says which key of the section is wrong, and how.</summary>
internal sealed class GatewayOptionsValidator : IValidateOptions<GatewayOptions>
{
    private const int MinKeyLength = 20;

    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        var problems = ModelProblems(options).Concat(FallbackProblems(options)).Concat(KeyProblems(options)).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> ModelProblems(GatewayOptions options)
    {
        if (options.Models.Count == 0)
        {
            yield return "Gateway:Models is empty: set Gateway:Models:0:Name and Gateway:Models:0:Service.";
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Models.Count; i++)
        {
            var model = options.Models[i];
            if (model.Name.Length is 0 or > 256)
            {
                yield return $"Gateway:Models:{i}:Name must have 1 to 256 characters.";
            }

            if (string.IsNullOrWhiteSpace(model.Service) || model.Service.AsSpan().ContainsAny("/:? "))
            {
                yield return $"Gateway:Models:{i}:Service must be the discovery name of a pool of replicas, for example vllm.";
            }

            foreach (var publicName in model.Aliases.Prepend(model.Name))
            {
                if (!names.Add(publicName))
                {
                    yield return $"Gateway:Models:{i}: the name '{publicName}' is taken by another model or alias.";
                }
            }
        }
    }

    private static IEnumerable<string> FallbackProblems(GatewayOptions options)
    {
        var names = options.Models.SelectMany(model => model.Aliases.Prepend(model.Name)).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < options.Models.Count; i++)
        {
            foreach (var fallback in options.Models[i].Fallbacks.Where(fallback => !names.Contains(fallback)))
            {
                yield return $"Gateway:Models:{i}:Fallbacks names '{fallback}', which is no model.";
            }
        }
    }

    private static IEnumerable<string> KeyProblems(GatewayOptions options)
    {
        if (options.Keys.Count == 0)
        {
            yield return "Gateway:Keys is empty: set Gateway:Keys:0:Id and Gateway:Keys:0:Key.";
        }

        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Keys.Count; i++)
        {
            var key = options.Keys[i];
            if (key.Id.Length == 0 || !ids.Add(key.Id))
            {
                yield return $"Gateway:Keys:{i}:Id must be set, and unique.";
            }

            if (!key.Key.StartsWith("sk-", StringComparison.Ordinal) || key.Key.Length is < MinKeyLength or > 256)
            {
                yield return $"Gateway:Keys:{i}:Key must begin with sk- and have {MinKeyLength} to 256 characters.";
            }

            if (key.Priority is < -100 or > 100)
            {
                yield return $"Gateway:Keys:{i}:Priority must be from -100 to 100.";
            }

            if (!TenantName.IsValid(key.Tenant))
            {
                yield return $"Gateway:Keys:{i}:Tenant must have 1 to 64 letters, digits, '-', '.' or '_'.";
            }
        }
    }
}
