namespace AiInfra.Tests.Monitoring;

/// <summary>When each alert must fire and when it must not. Times are minutes; one value a minute.</summary>
internal static class AlertCases
{
    private const string Gateway0 = """up{job="gateway",instance="g0"}""";
    private const string Gateway1 = """up{job="gateway",instance="g1"}""";
    private const string Vllm0 = """up{job="vllm",pool="vllm",replica="vllm0"}""";
    private const string Vllm1 = """up{job="vllm",pool="vllm",replica="vllm1"}""";
    private const string Ok = """aiinfra_gateway_requests_total{model="m",outcome="ok"}""";
    private const string Failed = """aiinfra_gateway_requests_total{model="m",outcome="failed"}""";
    private const string Running = """vllm:num_requests_running{pool="vllm",replica="vllm0",engine="0"}""";
    private const string Generated = """vllm:generation_tokens_total{pool="vllm",replica="vllm0",engine="0"}""";
    private const string Prompted = """vllm:prompt_tokens_total{pool="vllm",replica="vllm0",engine="0"}""";
    private const string Waiting = """vllm:num_requests_waiting{pool="vllm",replica="vllm0"}""";
    private const string Disk = """{instance="h",device="/dev/sda",fstype="ext4",mountpoint="/"}""";

    public static readonly IReadOnlyList<AlertCase> All =
    [
        // Availability
        new("GatewayDown", 10, [$"{Gateway0} = 1x5 0x10", $"{Gateway1} = 1x5 0x10"], [$"{Gateway0} = 1x5 0x10", $"{Gateway1} = 1x15"]),
        new("GatewayInstanceDown", 15, [$"{Gateway0} = 1x5 0x20", $"{Gateway1} = 1x25"], [$"{Gateway0} = 1x12 0x1 1x12"]),
        new("MemoryServiceDown", 10, ["""up{job="memory"} = 1x5 0x10"""], ["""up{job="memory"} = 1x15"""]),
        new("ReplicaDown", 10, [$"{Vllm0} = 1x5 0x10", $"{Vllm1} = 1x15"], [$"{Vllm0} = 1x15", $"{Vllm1} = 1x15"]),
        new("AllReplicasDown", 10, [$"{Vllm0} = 1x5 0x10", $"{Vllm1} = 0x15"], [$"{Vllm0} = 1x5 0x10", $"{Vllm1} = 1x15"]),
        new("NoReplicaUsable", 10,
            ["""aiinfra_gateway_replicas{model="m",state="healthy"} = 2x5 0x10"""],
            ["""aiinfra_gateway_replicas{model="m",state="healthy"} = 2x5 1x10"""]),
        new("RedisDown", 10, ["""redis_up{job="redis"} = 1x5 0x10"""], ["""redis_up{job="redis"} = 1x15"""]),
        new("ChromaDown", 12,
            ["""aiinfra_memory_index_available{job="memory"} = 1x5 0x10"""],
            ["""aiinfra_memory_index_available{job="memory"} = 1x5 0x2 1x10"""]),
        new("ScrapeFailing", 12, ["""up{job="redis",instance="r"} = 1x5 0x10"""], ["""up{job="redis",instance="r"} = 1x15"""]),
        new("TargetMissing", 10, [], [.. new[] { "gateway", "memory", "vllm", "redis", "node", "dcgm" }.Select(job => $$"""up{job="{{job}}"} = 1x15""")]),

        // Service levels: 1000 requests a minute
        new("AvailabilityBudgetBurn", 20, [$"{Ok} = 0+980x100", $"{Failed} = 0+20x100"], [$"{Ok} = 0+9995x100", $"{Failed} = 0+5x100"]),
        new("FirstTokenBudgetBurn", 20,
            Histogram("gen_ai_server_time_to_first_token_seconds", "2.5", 1000, 200), Histogram("gen_ai_server_time_to_first_token_seconds", "2.5", 1000, 970)),
        new("InterTokenBudgetBurn", 20,
            Histogram("gen_ai_server_time_per_output_token_seconds", "0.1", 1000, 200), Histogram("gen_ai_server_time_per_output_token_seconds", "0.1", 1000, 970)),
        new("ErrorRateHigh", 15, [$"{Ok} = 0+980x20", $"{Failed} = 0+20x20"], [$"{Ok} = 0+995x20", $"{Failed} = 0+5x20"]),
        new("GatewaySlow", 15,
            Histogram("aiinfra_gateway_overhead_seconds", "0.1", 1000, 900), Histogram("aiinfra_gateway_overhead_seconds", "0.1", 1000, 1000)),
        new("MemorySlow", 15,
            Histogram("aiinfra_memory_operation_duration_seconds", "0.1", 1000, 900), Histogram("aiinfra_memory_operation_duration_seconds", "0.1", 1000, 1000)),

        // vLLM
        new("ReplicaHung", 12, [$"{Running} = 3x15", $"{Generated} = 0+50x5 250x10", $"{Prompted} = 500x15"], [$"{Running} = 3x15", $"{Generated} = 0+50x15", $"{Prompted} = 500x15"]),
        new("ReplicaEjected", 20,
            ["""aiinfra_gateway_replicas{model="m",state="ejected"} = 0x5 1x20"""],
            ["""aiinfra_gateway_replicas{model="m",state="ejected"} = 0x5 1x3 0x20"""]),
        new("QueueGrowing", 20, [$"{Waiting} = 0x5 0+4x20"], [$"{Waiting} = 20x25"]),
        new("KvCacheFull", 15,
            ["""vllm:kv_cache_usage_perc{pool="vllm",replica="vllm0"} = 0.5x5 0.99x15"""],
            ["""vllm:kv_cache_usage_perc{pool="vllm",replica="vllm0"} = 0.9x20"""]),
        new("Preemptions", 30,
            ["""vllm:num_preemptions_total{pool="vllm",replica="vllm0"} = 0+12x40"""],
            ["""vllm:num_preemptions_total{pool="vllm",replica="vllm0"} = 0+1x40"""]),
        new("EngineQueueSlow", 30,
            Histogram("vllm:request_queue_time_seconds", "5.0", 100, 50, """pool="vllm",replica="vllm0" """),
            Histogram("vllm:request_queue_time_seconds", "5.0", 100, 100, """pool="vllm",replica="vllm0" """)),
        new("EngineErrors", 20,
            ["""vllm:request_success_total{pool="vllm",replica="vllm0",finished_reason="error"} = 0x5 0+1x20"""],
            ["""vllm:request_success_total{pool="vllm",replica="vllm0",finished_reason="error"} = 0x25"""]),
        new("EngineRejects", 20,
            ["""vllm:admission_rejections_total{pool="vllm",replica="vllm0",reason="max_num_queued_reqs"} = 0x5 0+5x20"""],
            ["""vllm:admission_rejections_total{pool="vllm",replica="vllm0",reason="max_num_queued_reqs"} = 7x25"""]),
        new("RetriesHigh", 25,
            [$"{Ok} = 0+100x30", """aiinfra_gateway_retries_total{model="m",reason="connect"} = 0+10x30"""],
            [$"{Ok} = 0+100x30", """aiinfra_gateway_retries_total{model="m",reason="connect"} = 0+1x30"""]),

        // Memory
        new("MemoryIndexLag", 15, ["""aiinfra_memory_index_lag_seconds{job="memory"} = 0x5 90x15"""], ["""aiinfra_memory_index_lag_seconds{job="memory"} = 30x20"""]),
        new("MemoryOutboxGrowing", 45,
            ["""aiinfra_memory_outbox_records{job="memory"} = 0+100x50"""], ["""aiinfra_memory_outbox_records{job="memory"} = 5000-100x50"""]),
        new("ChromaRebuilding", 10,
            ["""aiinfra_memory_index_rebuilds_total{job="memory"} = 0x5 1x10"""], ["""aiinfra_memory_index_rebuilds_total{job="memory"} = 3x15"""]),
        new("MemoryErrors", 15,
            ["""aiinfra_memory_operation_duration_seconds_count{job="memory",outcome="failed"} = 0+5x20""",
             """aiinfra_memory_operation_duration_seconds_count{job="memory",outcome="ok"} = 0+100x20"""],
            ["""aiinfra_memory_operation_duration_seconds_count{job="memory",outcome="failed"} = 5x20""",
             """aiinfra_memory_operation_duration_seconds_count{job="memory",outcome="ok"} = 0+100x20"""]),

        // Tenants
        new("BudgetNearEnd", 10,
            ["""aiinfra_gateway_budget_used{tenant="t",subject="tenant",unit="money",period="month"} = 0.5x5 0.95x10"""],
            ["""aiinfra_gateway_budget_used{tenant="t",subject="tenant",unit="money",period="month"} = 0.5x5 0.85x10"""]),
        // The gateway forgets an idle tenant's meter: the alert does not.
        new("BudgetSpent", 30,
            ["""aiinfra_gateway_budget_used{tenant="t",subject="key",unit="tokens",period="day"} = 0.5x5 1x3 _x40"""],
            ["""aiinfra_gateway_budget_used{tenant="t",subject="key",unit="tokens",period="day"} = 0.99x40"""]),
        // Twenty-five hours at 6 an hour, then an hour at ten times that; against one at twice that.
        new("CostJump", 1560,
            ["""aiinfra_gateway_cost_total{tenant="t",model="m"} = 0+0.1x1500 151+1x100"""],
            ["""aiinfra_gateway_cost_total{tenant="t",model="m"} = 0+0.1x1500 151+0.2x100"""]),

        // Credentials: time() begins at 0
        new("KeyExpires", 20,
            ["""aiinfra_gateway_credential_expiry_seconds{kind="api_key",name="t"} = 86400x30"""],
            ["""aiinfra_gateway_credential_expiry_seconds{kind="api_key",name="t"} = 864000x30"""]),
        new("CertificateExpires", 20,
            ["""aiinfra_gateway_credential_expiry_seconds{kind="certificate",name="tls.crt"} = 864000x30"""],
            ["""aiinfra_gateway_credential_expiry_seconds{kind="certificate",name="tls.crt"} = 1728000x30"""]),
        new("SigningKeyExpires", 20,
            ["""aiinfra_gateway_credential_expiry_seconds{kind="signing_key",name="tokens"} = 864000x30"""],
            ["""aiinfra_gateway_credential_expiry_seconds{kind="signing_key",name="tokens"} = 1728000x30"""]),
        new("CredentialEndsToday", 20,
            ["""aiinfra_gateway_credential_expiry_seconds{kind="certificate",name="tls.crt"} = 43200x30"""],
            ["""aiinfra_gateway_credential_expiry_seconds{kind="api_key",name="t"} = 43200x30"""]),
        new("RefusalsHigh", 30,
            ["""aiinfra_gateway_denials_total{tenant="t",reason="rate"} = 0+60x40"""],
            ["""aiinfra_gateway_denials_total{tenant="t",reason="rate"} = 0+6x40"""]),
        new("AuthenticationFailures", 20,
            ["""aiinfra_gateway_denials_total{job="gateway",reason="authentication"} = 0+120x30"""],
            ["""aiinfra_gateway_denials_total{job="gateway",reason="authentication"} = 0+6x30"""]),

        // Hosts
        new("HostCpuHigh", 25,
            ["""node_cpu_seconds_total{instance="h",cpu="0",mode="idle"} = 0+6x30"""], ["""node_cpu_seconds_total{instance="h",cpu="0",mode="idle"} = 0+30x30"""]),
        new("HostMemoryHigh", 25,
            ["""node_memory_MemAvailable_bytes{instance="h"} = 10x30""", """node_memory_MemTotal_bytes{instance="h"} = 100x30"""],
            ["""node_memory_MemAvailable_bytes{instance="h"} = 20x30""", """node_memory_MemTotal_bytes{instance="h"} = 100x30"""]),
        new("HostDiskFull", 25,
            [$"node_filesystem_avail_bytes{Disk} = 15x30", $"node_filesystem_size_bytes{Disk} = 100x30"],
            [$"node_filesystem_avail_bytes{Disk} = 25x30", $"node_filesystem_size_bytes{Disk} = 100x30"]),
        new("HostDiskFills", 60, [$"node_filesystem_avail_bytes{Disk} = 1000-5x120"], [$"node_filesystem_avail_bytes{Disk} = 10000-1x120"]),
        new("GpuBusy", 30, ["""DCGM_FI_DEV_GPU_UTIL{instance="h",gpu="0"} = 99x40"""], ["""DCGM_FI_DEV_GPU_UTIL{instance="h",gpu="0"} = 90x40"""]),
        new("GpuError", 10, ["""DCGM_FI_DEV_XID_ERRORS{instance="h",gpu="0"} = 0x5 79x10"""], ["""DCGM_FI_DEV_XID_ERRORS{instance="h",gpu="0"} = 0x15"""]),
        new("GpuHot", 25, ["""DCGM_FI_DEV_GPU_TEMP{instance="h",gpu="0"} = 90x30"""], ["""DCGM_FI_DEV_GPU_TEMP{instance="h",gpu="0"} = 70x30"""]),

        // Monitoring
        new("PrometheusReloadFailed", 12,
            ["""prometheus_config_last_reload_successful{instance="p"} = 1x5 0x10"""], ["""prometheus_config_last_reload_successful{instance="p"} = 1x15"""]),
        new("RuleEvaluationFails", 20,
            ["""prometheus_rule_evaluation_failures_total{instance="p"} = 0x5 0+1x20"""], ["""prometheus_rule_evaluation_failures_total{instance="p"} = 4x25"""]),
        new("AlertsNotDelivered", 20,
            ["""alertmanager_notifications_failed_total{integration="webhook"} = 0+1x25""", """alertmanager_notifications_total{integration="webhook"} = 0+2x25"""],
            ["""alertmanager_notifications_failed_total{integration="webhook"} = 1x25""", """alertmanager_notifications_total{integration="webhook"} = 0+2x25"""]),
        new("AlertmanagerUnreachable", 12,
            ["""prometheus_notifications_alertmanagers_discovered{instance="p"} = 1x5 0x10"""],
            ["""prometheus_notifications_alertmanagers_discovered{instance="p"} = 1x15"""]),
        new("SampleLimitReached", 12,
            ["""prometheus_target_scrapes_exceeded_sample_limit_total{instance="p"} = 0x5 1x10"""],
            ["""prometheus_target_scrapes_exceeded_sample_limit_total{instance="p"} = 2x15"""]),
    ];

    // Per minute `all` observations, of which `within` are at most `bound`.
    private static string[] Histogram(string name, string bound, int all, int within, string labels = """model="m",operation="o" """) =>
    [
        $$"""{{name}}_bucket{{{labels.Trim()}},le="{{bound}}"} = 0+{{within}}x150""",
        $$"""{{name}}_bucket{{{labels.Trim()}},le="1000"} = 0+{{all}}x150""",
        $$"""{{name}}_bucket{{{labels.Trim()}},le="+Inf"} = 0+{{all}}x150""",
        $$"""{{name}}_count{{{labels.Trim()}}} = 0+{{all}}x150""",
    ];
}
