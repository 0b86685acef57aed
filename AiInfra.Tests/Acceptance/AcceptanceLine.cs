using System.Reflection;

namespace AiInfra.Tests.Acceptance;

/// <summary>A line of the acceptance cases and the tests that show it on running parts.</summary>
internal sealed record AcceptanceLine(int Case, string Line, params string[] Tests)
{
    private const string Integration = "Acceptance.ServiceIntegrationTests.";
    private const string Monitoring = "Acceptance.MonitoringTests.";
    private const string Security = "Acceptance.SecurityTests.";
    private const string Resources = "Acceptance.ResourceOptimizationTests.";

    public static IReadOnlyList<AcceptanceLine> All { get; } =
    [
        new(1, "ChromaDB and the memory service are connected", $"{Integration}A_stored_memory_is_read_back_from_Chroma_as_the_models_own_vector"),
        new(1, "A service discovery mechanism works", $"{Integration}Gateway_and_memory_find_each_other_by_name"),
        new(1, "Load balancing is configured", $"{Integration}Both_replicas_that_discovery_names_answer_chats"),
        new(2, "Prometheus and Grafana for the vLLM cluster",
            $"{Monitoring}Every_target_answers_and_health_pages_agree", "Monitoring.DashboardTests.Prometheus_understands_every_expression_of_every_panel"),
        new(2, "Service health is monitored", $"{Monitoring}A_killed_replica_raises_an_alert_that_reaches_people_and_resolves", $"{Monitoring}A_hung_memory_service_is_seen"),
        new(2, "Performance metrics are collected",
            $"{Monitoring}Every_expression_of_rules_and_panels_returns_data_under_load", "Monitoring.TracingTests.A_histogram_in_Prometheus_leads_to_the_trace_of_one_request"),
        new(3, "Service-to-service authentication",
            $"{Security}Services_authenticate_memory_answers_a_right_token_and_neither_none_nor_one_for_another_service",
            $"{Security}Services_authenticate_the_gateway_reaches_memory_and_the_models_and_nobody_else_does"),
        new(3, "JWT-based security", $"{Security}Tokens_a_good_JWT_is_let_in_and_every_forged_one_is_refused"),
        new(3, "Access control policies", $"{Security}Policies_allow_what_they_grant_deny_the_rest_and_explain_both"),
        new(4, "Storage optimization plan", $"{Resources}What_is_stored_lies_where_the_plan_says_and_grows_no_faster"),
        new(4, "Network optimization strategy implemented", $"{Resources}Connections_are_kept_and_streams_are_never_compressed"),
        new(4, "Resource allocation matrix", $"{Resources}The_matrix_is_what_the_planner_says_of_the_reference_sites"),
    ];

    public static IReadOnlyDictionary<int, string> Cases { get; } = new Dictionary<int, string>
    {
        [1] = "Service integration",
        [2] = "Monitoring",
        [3] = "Security",
        [4] = "Resource optimization",
    };

    /// <summary>The method of a test, or null.</summary>
    public static MethodInfo? Find(string test)
    {
        var cut = test.LastIndexOf('.');
        return typeof(AcceptanceLine).Assembly.GetType($"AiInfra.Tests.{test[..cut]}")?.GetMethod(test[(cut + 1)..]);
    }
}
