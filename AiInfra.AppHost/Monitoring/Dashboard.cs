namespace AiInfra.AppHost.Monitoring;

/// <summary>A dashboard as code: rows of panels, laid out by <see cref="DashboardJson"/>.</summary>
/// <param name="Uid">Stable id, part of its address.</param>
/// <param name="Title">Shown in Grafana's list.</param>
/// <param name="Description">What questions it answers.</param>
/// <param name="Variables">Choices above the panels, beside the data source.</param>
/// <param name="Rows">Panels from left to right; those of a row share its width.</param>
internal sealed record Dashboard(string Uid, string Title, string Description, IReadOnlyList<DashboardVariable> Variables, IReadOnlyList<DashboardRow> Rows)
{
    public IEnumerable<Panel> Panels => Rows.SelectMany(row => row.Panels);

    /// <summary>Every dashboard of the platform.</summary>
    public static IReadOnlyList<Dashboard> All { get; } =
    [
        OverviewDashboard.Definition,
        ClusterDashboard.Definition,
        ReplicaDashboard.Definition,
        TenantsDashboard.Definition,
        MemoryDashboard.Definition,
        HostsDashboard.Definition,
    ];
}

internal sealed record DashboardRow(string Title, params Panel[] Panels)
{
    /// <summary>Height in Grafana's units (about 30 pixels each).</summary>
    public int Height { get; init; } = 8;
}

/// <summary>A choice whose values are those of a label.</summary>
/// <param name="Name">Used as <c>$name</c> in expressions.</param>
/// <param name="Label">The label whose values are offered.</param>
/// <param name="Series">The series that carry it.</param>
/// <param name="Multiple">Several values, and all of them, may be chosen.</param>
internal sealed record DashboardVariable(string Name, string Label, string Series, bool Multiple = true)
{
    public static readonly DashboardVariable Model = new("model", "model", "aiinfra_gateway_requests_total");
    public static readonly DashboardVariable Pool = new("pool", "pool", """up{job="vllm"}""");
    public static readonly DashboardVariable Replica = new("replica", "replica", """up{job="vllm",pool=~"$pool"}""", Multiple: false);
    public static readonly DashboardVariable Tenant = new("tenant", "tenant", "aiinfra_gateway_tokens_total");
    public static readonly DashboardVariable Host = new("host", "instance", "node_uname_info");
}
