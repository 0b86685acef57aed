using AiInfra.Gateway.Policies;
using AiInfra.Gateway.Tenants;

namespace AiInfra.Tests.Identity;

public sealed class PolicyTests
{
    private static readonly Caller Ada = new("k", "team", "ada", "dev");

    private readonly PolicySet _policies = new(PolicyStore.Parse("""
        {
          "version": 1,
          "policies": {
            "dev": { "endpoints": ["/v1/chat/completions", "/v1/memories*"], "models": ["tiny"], "memory": ["read"],
                     "limits": [ { "per": "user", "tokensPerMinute": 1000, "budgets": [ { "per": "week", "money": 2.5 } ] } ] },
            "app": { "endpoints": ["*"], "models": ["*"], "actFor": true }
          },
          "roles": { "apps": "app" },
          "prices": { "tiny": { "prompt": 1, "completion": 2.5 } }
        }
        """)!);

    [Theory]
    [InlineData("/v1/chat/completions", "tiny", null, true, "Access:Policies:dev:Models")]
    [InlineData("/v1/chat/completions", "large", null, false, "Access:Policies:dev:Models")]
    [InlineData("/v1/embeddings", "tiny", null, false, "Access:Policies:dev:Endpoints")]
    [InlineData("/v1/memories/7", null, "read", true, "Access:Policies:dev:Memory")]
    [InlineData("/v1/memories/7", null, "write", false, "Access:Policies:dev:Memory")]
    public void What_no_rule_grants_is_denied_and_the_rule_is_named(string path, string? model, string? memory, bool allowed, string rule)
    {
        var decision = _policies.Decide(Ada, path, model, memory, null);

        Assert.Equal((allowed, rule), (decision.Allowed, decision.Rule));
    }

    [Fact]
    public void Acting_for_others_is_a_grant_of_its_own()
    {
        Assert.Equal("Access:Policies:dev:ActFor", _policies.Decide(Ada, "/v1/chat/completions", null, null, "eve").Rule);
        Assert.True(_policies.Decide(Ada with { Policy = "app" }, "/v1/chat/completions", null, null, "eve").Allowed);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("deleted")]
    public void A_caller_without_a_policy_may_do_nothing(string? policy) =>
        Assert.False(_policies.Decide(Ada with { Policy = policy }, "/v1/chat/completions", "tiny", null, null).Allowed);

    [Fact]
    public void Limits_are_counted_for_whom_they_say()
    {
        var demands = _policies.PolicyOf(Ada)!.DemandsOf(Ada with { User = "a b" }, tokens: 10, money: 20);

        Assert.Equal([("user:a%20b", 1000L, 10L), ("user:a%20b", 2_500_000L, 20L)], demands.Select(demand => (demand.Subject, demand.Rule.Limit, demand.Amount)));
    }

    [Fact]
    public void The_first_role_with_a_policy_decides() =>
        Assert.Equal(("app", null), (_policies.PolicyOfRoles(["none", "apps"]), _policies.PolicyOfRoles(["none"])));

    [Fact]
    public void Many_small_calls_cost_no_less_than_one_large() =>
        Assert.Equal((3L, 25L), (_policies.PriceOf("tiny").CostOf(0, 0, 1), _policies.PriceOf("tiny").CostOf(0, 0, 10)));

    [Theory]
    [InlineData("""{"policies":{"a":{"limits":[{"tokensPerMinite":5}]}}}""")]
    [InlineData("""{"polices":{}}""")]
    public void A_misspelt_limit_is_not_taken_for_none(string document) =>
        Assert.Throws<System.Text.Json.JsonException>(() => PolicyStore.Parse(document));

    [Theory]
    [InlineData("""{"roles":{"x":"missing"}}""", "Access:Roles:x")]
    [InlineData("""{"policies":{"a":{"whenStoreIsAway":"allow"}}}""", "Access:Policies:a:WhenStoreIsAway")]
    [InlineData("""{"policies":{"a":{"limits":[{"per":"planet"}]}}}""", "Access:Policies:a:Limits:0:Per")]
    [InlineData("""{"policies":{"a":{"limits":[{"budgets":[{"per":"year","tokens":0}]}]}}}""", "Access:Policies:a:Limits:0:Budgets:0")]
    [InlineData("""{"policies":{"a":{"memory":["own"]}}}""", "Access:Policies:a:Memory")]
    public void A_wrong_document_is_refused_by_the_name_of_the_key(string document, string key) =>
        Assert.Contains(AccessOptionsValidator.Problems(PolicyStore.Parse(document)!), problem => problem.StartsWith(key, StringComparison.Ordinal));
}
