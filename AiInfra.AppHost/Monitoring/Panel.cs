namespace AiInfra.AppHost.Monitoring;

/// <summary>One panel of a dashboard.</summary>
/// <param name="Kind">Grafana's panel type: <c>timeseries</c>, <c>stat</c>, <c>bargauge</c> or <c>table</c>.</param>
/// <param name="Title">Short, without the unit.</param>
/// <param name="Unit">Grafana's unit id, for example <c>s</c>, <c>percentunit</c>, <c>reqps</c>.</param>
/// <param name="Description">What a reader should see in it: shown behind the panel's (i).</param>
/// <param name="Queries">One or more curves or values.</param>
internal sealed record Panel(string Kind, string Title, string Unit, string Description, params PanelQuery[] Queries)
{
    /// <summary>Values above are drawn red; null for no limit.</summary>
    public double? RedAbove { get; init; }

    /// <summary>Values below are drawn red; null for no limit.</summary>
    public double? RedBelow { get; init; }

    /// <summary>Curves are stacked on one another.</summary>
    public bool Stacked { get; init; }

    /// <summary>A click on a curve opens the dashboard of its replica.</summary>
    public bool LinksToReplica { get; init; }

    public static Panel Curves(string title, string unit, string description, params PanelQuery[] queries) => new("timeseries", title, unit, description, queries);

    public static Panel Figure(string title, string unit, string description, params PanelQuery[] queries) => new("stat", title, unit, description, queries);

    public static Panel Bars(string title, string unit, string description, params PanelQuery[] queries) => new("bargauge", title, unit, description, queries);
}

/// <summary>A PromQL expression and the name of its curves (<c>{{label}}</c> is filled in by Grafana).</summary>
internal sealed record PanelQuery(string Expression, string Legend)
{
    /// <summary>Why it returns nothing on a healthy system under load; null where it must return data.</summary>
    public string? Silent { get; init; }
}
