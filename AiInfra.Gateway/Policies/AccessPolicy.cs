using System.Collections.Frozen;
using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Tenants;

namespace AiInfra.Gateway.Policies;

/// <summary>One policy, made ready for use. Immutable: a request keeps the one it began with.</summary>
internal sealed class AccessPolicy
{
    private readonly FrozenSet<string> _paths;
    private readonly string[] _prefixes;
    private readonly FrozenSet<string> _models;
    private readonly bool _allowsEveryModel;
    private readonly (string Per, MeterRule[] Rules)[] _limits;
    private readonly int _ruleCount;

    public AccessPolicy(string name, PolicyOptions options)
    {
        (Name, Options) = (name, options);
        _paths = options.Endpoints.Where(path => !path.EndsWith('*')).ToFrozenSet(StringComparer.Ordinal);
        _prefixes = [.. options.Endpoints.Where(path => path.EndsWith('*')).Select(path => path[..^1])];
        _models = options.Models.ToFrozenSet(StringComparer.Ordinal);
        _allowsEveryModel = _models.Contains("*");
        _limits = [.. options.Limits.Select(set => (set.Per, RulesOf(set).ToArray()))];
        _ruleCount = _limits.Sum(set => set.Rules.Length);
        MemoryScopes = string.Join(' ', options.Memory.Distinct().Select(action => $"memory.{action}"));
        MemoryDomains = options.Domains.Count == 0 || options.Domains.Contains("*") ? null : string.Join(' ', options.Domains);
        (GrantsEndpoint, GrantsMemory, GrantsModel) = (Grant("Endpoints"), Grant("Memory"), Grant("Models"));
        CountsTokens = _limits.Any(set => set.Rules.Any(rule => rule.Unit is MeterUnit.Tokens or MeterUnit.Money));
    }

    public string Name { get; }

    public PolicyOptions Options { get; }

    /// <summary>The scopes of service tokens, separated by blanks (see <see cref="ServiceDefaults.ServiceTokens.ServiceScopes"/>).</summary>
    public string MemoryScopes { get; }

    /// <summary>The memory domains that may be used, separated by blanks; null: every one.</summary>
    public string? MemoryDomains { get; }

    /// <summary>True when a call must have an upper bound of tokens.</summary>
    public bool CountsTokens { get; }

    /// <summary>What is said to everything that is granted, made once: this is the usual case.</summary>
    public AccessDecision GrantsEndpoint { get; }

    public AccessDecision GrantsMemory { get; }

    public AccessDecision GrantsModel { get; }

    public bool HasLimits => _limits.Length > 0;

    public bool ServesWithoutStore => Options.WhenStoreIsAway == "local";

    /// <summary>The key of the document under which a part of the policy stands.</summary>
    public string RuleOf(string part) => $"Access:Policies:{Name}:{part}";

    public bool AllowsPath(ReadOnlySpan<char> path)
    {
        if (_paths.GetAlternateLookup<ReadOnlySpan<char>>().Contains(path))
        {
            return true;
        }

        foreach (var prefix in _prefixes)
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    public bool AllowsModel(string model) => _allowsEveryModel || _models.Contains(model);

    /// <summary>What a call with these upper bounds asks of each limit.</summary>
    public IReadOnlyList<Demand> DemandsOf(Caller caller, long tokens, long money)
    {
        if (_limits.Length == 0)
        {
            return [];
        }

        var demands = new List<Demand>(_ruleCount);
        foreach (var (per, rules) in _limits)
        {
            var subject = per switch
            {
                "tenant" => "tenant",
                "user" => $"user:{Uri.EscapeDataString(caller.User)}",
                _ => $"key:{Uri.EscapeDataString(caller.KeyId)}",
            };
            foreach (var rule in rules)
            {
                var amount = rule.Unit switch { MeterUnit.Tokens => tokens, MeterUnit.Money => money, _ => 1 };
                if (amount > 0)
                {
                    demands.Add(new Demand(subject, rule, amount));
                }
            }
        }

        return demands;
    }

    private AccessDecision Grant(string part) => new(true, RuleOf(part), "The policy grants it.");

    private static IEnumerable<MeterRule> RulesOf(LimitSetOptions set)
    {
        if (set.RequestsPerMinute is { } requests)
        {
            yield return new MeterRule(MeterUnit.Requests, MeterSpan.Minute, requests);
        }

        if (set.TokensPerMinute is { } tokens)
        {
            yield return new MeterRule(MeterUnit.Tokens, MeterSpan.Minute, tokens);
        }

        if (set.Concurrency is { } running)
        {
            yield return new MeterRule(MeterUnit.Running, MeterSpan.Now, running);
        }

        foreach (var budget in set.Budgets)
        {
            var span = Enum.Parse<MeterSpan>(budget.Per, ignoreCase: true);
            if (budget.Tokens is { } most)
            {
                yield return new MeterRule(MeterUnit.Tokens, span, most);
            }

            if (budget.Money is { } money)
            {
                yield return new MeterRule(MeterUnit.Money, span, (long)(money * 1_000_000));
            }
        }
    }
}
