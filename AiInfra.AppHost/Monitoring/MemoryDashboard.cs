namespace AiInfra.AppHost.Monitoring;

/// <summary>The memory service: what is asked of it, where its time goes, and how far its index is behind.</summary>
internal static class MemoryDashboard
{
    public static readonly Dashboard Definition = new(
        "aiinfra-memory", "AiInfra / Memory", "Operations, stages of a search, the embedder, and the index with its outbox.",
        [],
        [
            new("Index",
                Panel.Figure("Index usable", "bool_yes_no", "Whether Chroma answers a query by a known vector; its heartbeat is not asked, it lies.",
                    new PanelQuery("min(aiinfra_memory_index_available)", "usable")) with
                { RedBelow = 1 },
                Panel.Figure("Behind by", "s", "Age of the oldest change that has not reached Chroma. Alert above a minute.",
                    new PanelQuery("max(aiinfra_memory_index_lag_seconds)", "lag")) with
                { RedAbove = 60 },
                Panel.Figure("Outbox", "none", "Changes that wait for Chroma.", new PanelQuery("sum(aiinfra_memory_outbox_records)", "records")) with
                { RedAbove = 1000 },
                Panel.Figure("Rebuilds today", "none", "Times that an index was built anew from the records.",
                    new PanelQuery("sum(increase(aiinfra_memory_index_rebuilds_total[24h]))", "rebuilds")) with
                { RedAbove = 1 })
            { Height = 5 },
            new("Operations",
                Panel.Curves("Operations", "ops", "Operations a second by kind and outcome.",
                    new PanelQuery("sum by (operation, outcome) (rate(aiinfra_memory_operation_duration_seconds_count[$__rate_interval]))", "{{operation}} {{outcome}}")) with
                { Stacked = true },
                Panel.Curves("Duration, p99", "s", "99th percentile by kind. Promised: under 100 ms.",
                    new PanelQuery("memory:operation_seconds:p99_5m", "{{operation}}")) with
                { RedAbove = 0.1 },
                Panel.Curves("Duplicates", "ops", "Stores that were recognised as known already.",
                    new PanelQuery("sum(rate(aiinfra_memory_duplicates_total[$__rate_interval]))", "duplicates"))),
            new("Search",
                Panel.Curves("Mean time of a search by stage", "s", "Embedding of the query, lexical leg, dense leg, late interaction and what joins them.",
                    new PanelQuery("""
                        sum by (stage) (rate(aiinfra_memory_search_stage_duration_seconds_sum[$__rate_interval]))
                          / (sum by (stage) (rate(aiinfra_memory_search_stage_duration_seconds_count[$__rate_interval])) > 0)
                        """, "{{stage}}")) with
                { Stacked = true },
                Panel.Curves("Embedder", "s", "Median and 95th percentile of one call of the embedding model.",
                    new PanelQuery("histogram_quantile(0.5, sum by (le) (rate(aiinfra_memory_embedding_duration_seconds_bucket[$__rate_interval])))", "p50"),
                    new PanelQuery("histogram_quantile(0.95, sum by (le) (rate(aiinfra_memory_embedding_duration_seconds_bucket[$__rate_interval])))", "p95")),
                Panel.Curves("Outbox over time", "none", "Changes that wait for Chroma.", new PanelQuery("sum(aiinfra_memory_outbox_records)", "records"))),
        ]);
}
