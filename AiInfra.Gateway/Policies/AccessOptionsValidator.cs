using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Policies;

/// <summary>Says which key of the section is wrong, and how. The admin API asks it too, before it stores a document.</summary>
internal sealed class AccessOptionsValidator : IValidateOptions<AccessOptions>
{
    private static readonly string[] Spans = ["day", "week", "month"];

    public ValidateOptionsResult Validate(string? name, AccessOptions options)
    {
        var problems = Problems(options).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    public static IEnumerable<string> Problems(AccessOptions options)
    {
        foreach (var (role, policy) in options.Roles)
        {
            if (!options.Policies.ContainsKey(policy))
            {
                yield return $"Access:Roles:{role} names the policy '{policy}', which Access:Policies lacks.";
            }
        }

        foreach (var (model, price) in options.Prices)
        {
            if (price.Prompt < 0 || price.Completion < 0 || price.CachedPrompt < 0)
            {
                yield return $"Access:Prices:{model} must not be negative.";
            }
        }

        foreach (var problem in options.Policies.SelectMany(policy => PolicyProblems($"Access:Policies:{policy.Key}", policy.Value)))
        {
            yield return problem;
        }
    }

    private static IEnumerable<string> PolicyProblems(string key, PolicyOptions policy)
    {
        if (policy.WhenStoreIsAway is not ("reject" or "local"))
        {
            yield return $"{key}:WhenStoreIsAway must be reject or local.";
        }

        if (policy.Priority is < -100 or > 100)
        {
            yield return $"{key}:Priority must be from -100 to 100.";
        }

        if (policy.DefaultMaxTokens is < 1 or > 1_000_000 || policy.TokensPerMedia is < 0 or > 1_000_000)
        {
            yield return $"{key}: DefaultMaxTokens and TokensPerMedia must be from 1 to 1000000.";
        }

        foreach (var scope in policy.Memory.Where(scope => scope is not ("read" or "write" or "erase" or "admin")))
        {
            yield return $"{key}:Memory holds '{scope}': it must be read, write, erase or admin.";
        }

        foreach (var domain in policy.Domains.Where(domain => domain.Length is 0 or > 64 || domain.AsSpan().ContainsAnyExceptInRange('!', '~')))
        {
            yield return $"{key}:Domains holds '{domain}': a domain has 1 to 64 printable characters without blanks.";
        }

        var chat = policy.ChatMemory;
        if (chat is not ("" or "read" or "write" or "readwrite"))
        {
            yield return $"{key}:ChatMemory must be read, write, readwrite or empty.";
        }
        else if ((chat.StartsWith("read", StringComparison.Ordinal) && !policy.Memory.Contains("read"))
            || (chat.EndsWith("write", StringComparison.Ordinal) && !policy.Memory.Contains("write")))
        {
            yield return $"{key}:ChatMemory is '{chat}': {key}:Memory must grant it.";
        }

        for (var i = 0; i < policy.Limits.Count; i++)
        {
            foreach (var problem in LimitProblems($"{key}:Limits:{i}", policy.Limits[i]))
            {
                yield return problem;
            }
        }
    }

    private static IEnumerable<string> LimitProblems(string key, LimitSetOptions limits)
    {
        // Beyond 2^50 the store's arithmetic is no longer exact.
        const long Most = 1L << 50;
        if (limits.Per is not ("key" or "user" or "tenant"))
        {
            yield return $"{key}:Per must be key, user or tenant.";
        }

        if (limits.RequestsPerMinute is < 1 or > Most || limits.TokensPerMinute is < 1 or > Most || limits.Concurrency is < 1 or > Most)
        {
            yield return $"{key}: RequestsPerMinute, TokensPerMinute and Concurrency must be from 1 to 2^50.";
        }

        for (var i = 0; i < limits.Budgets.Count; i++)
        {
            var budget = limits.Budgets[i];
            if (!Spans.Contains(budget.Per))
            {
                yield return $"{key}:Budgets:{i}:Per must be day, week or month.";
            }

            if (budget.Tokens is < 1 or > Most || budget.Money is < 0.000001m or > 1_000_000_000m)
            {
                yield return $"{key}:Budgets:{i}: Tokens must be from 1 to 2^50, Money from 0.000001 to 1000000000.";
            }
        }
    }
}
