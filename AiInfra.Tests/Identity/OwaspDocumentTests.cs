using System.Reflection;
using System.Text;
using AiInfra.Tests.Acceptance;
using AiInfra.Tests.Fixtures;
using AiInfra.Tests.Gateway;
using AiInfra.Tests.Memory;

namespace AiInfra.Tests.Identity;

/// <summary>The document that maps the OWASP API Security Top 10 to attacks is what the tests say, and each of its tests is there.</summary>
public sealed class OwaspDocumentTests
{
    private static readonly string[] Items =
    [
        "Broken object level authorization", "Broken authentication", "Broken object property level authorization", "Unrestricted resource consumption",
        "Broken function level authorization", "Unrestricted access to sensitive business flows", "Server side request forgery", "Security misconfiguration",
        "Improper inventory management", "Unsafe consumption of APIs",
    ];

    // Beside the attacks of OwaspTests, those that have a test of their own.
    private static readonly (int Item, string Attack, string Answer, Type Class, string Test)[] Others =
    [
        (1, "another user's memories", "not found, and no bit of any answer differs", typeof(IsolationTests), nameof(IsolationTests.Another_users_memories_change_no_bit_of_any_answer)),
        (1, "a memory of a domain that is not granted", "not found", typeof(DomainTests), nameof(DomainTests.Memories_of_other_domains_are_not_there)),
        (1, "another tenant's response id", "not found", typeof(EndpointTests), nameof(EndpointTests.The_next_turn_of_a_response_goes_where_its_state_is_kept)),
        (2, "forged, stolen and outdated JWTs, fifteen kinds", "401", typeof(TokenAttackTests), nameof(TokenAttackTests.Only_a_whole_and_fitting_token_is_let_in)),
        (2, "service tokens for another audience, by another key, of a service that may not act", "401", typeof(SecurityTests),
            nameof(SecurityTests.Services_authenticate_memory_answers_a_right_token_and_neither_none_nor_one_for_another_service)),
        (2, "a token asked for by who has no right to it, fourteen ways", "400 or 401", typeof(TokenServiceTests), nameof(TokenServiceTests.A_token_is_refused_to_whoever_has_no_right_to_it)),
        (4, "more calls at one time than the limit, at two gateways", "429", typeof(Limits.GatewayLimitTests), nameof(Limits.GatewayLimitTests.Two_gateways_let_no_more_run_at_a_time_than_one_limit_allows)),
        (8, "requests that can be read in two ways", "400 and the connection closed", typeof(StrictHttpTests),
            nameof(StrictHttpTests.A_request_that_can_be_read_in_two_ways_is_refused_and_the_connection_closed)),
        (8, "foreign Host and Origin on every listener", "403", typeof(StrictHttpTests), nameof(StrictHttpTests.Odd_targets_and_foreign_names_are_refused_on_every_listener)),
        (10, "a replica that redirects elsewhere", "not followed, 5xx", typeof(OwaspTests), nameof(OwaspTests.API10_unsafe_upstream_a_replica_that_sends_elsewhere_is_not_followed)),
        (10, "a replica whose stream breaks, or feigns its end", "an error event, never [DONE]", typeof(FailureTests), nameof(FailureTests.A_stream_that_breaks_later_ends_in_an_error_event_and_never_in_done)),
    ];

    [Fact]
    public async Task The_document_says_what_the_tests_try()
    {
        var document = Path.Combine(RepositoryPaths.Root, "docs", "owasp-api-security.md");

        Assert.Equal(Render(), await File.ReadAllTextAsync(document, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Every_item_has_an_attack_and_every_attack_a_test()
    {
        Assert.Equal(Enumerable.Range(1, 10), OwaspTests.All.Select(attack => ItemOf(attack.Attack)).Concat(Others.Select(other => other.Item)).Distinct().Order());
        Assert.All(Others, other => Assert.NotNull(other.Class.GetMethod(other.Test)!.GetCustomAttributes().FirstOrDefault(attribute => attribute is FactAttribute)));
    }

    private static int ItemOf(string attack) => int.Parse(attack[3..attack.IndexOf(' ', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);

    private static string Render()
    {
        var text = new StringBuilder("""
            # OWASP API Security Top 10 (2023): what is tried, and what it gets

            Each row is an attack that a test carries out on running servers; a test fails when this table and the tests differ
            (`AiInfra.Tests/Identity/OwaspDocumentTests.cs`). The replicas behind the gateway hear of none of the refused requests.

            | Item | Attack | Answer | Test |
            |---|---|---|---|

            """);
        for (var item = 1; item <= Items.Length; item++)
        {
            var name = $"API{item} {Items[item - 1]}";
            foreach (var (attack, status) in OwaspTests.All.Where(attack => ItemOf(attack.Attack) == item))
            {
                text.Append($"| {name} | {attack[(attack.IndexOf(": ", StringComparison.Ordinal) + 2)..]} | {status} | `OwaspTests` |\n");
            }

            foreach (var other in Others.Where(other => other.Item == item))
            {
                text.Append($"| {name} | {other.Attack} | {other.Answer} | `{other.Class.Name}.{other.Test}` |\n");
            }
        }

        return text.ToString();
    }
}
