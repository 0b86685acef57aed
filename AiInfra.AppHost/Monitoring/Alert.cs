namespace AiInfra.AppHost.Monitoring;

/// <summary>One alert rule: conditions that must all hold for a while, and what the person on call reads.</summary>
/// <param name="Name">The alert's name; its section in the runbook has the same.</param>
/// <param name="Severity"><see cref="Severities"/>.</param>
/// <param name="For">How long the conditions must hold.</param>
/// <param name="Conditions">Joined by <c>and</c>: they must have the same labels.</param>
internal sealed record Alert(string Name, string Severity, TimeSpan For, params Condition[] Conditions)
{
    /// <summary>One line, with the labels that tell which.</summary>
    public required string Summary { get; init; }

    /// <summary>What was measured against what, in figures.</summary>
    public required string Description { get; init; }

    /// <summary>Labels that tell this rule from another of the same name.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public string Expression => string.Join("\nand\n", Conditions.Select(condition => condition.Expression));
}

/// <summary>A measured quantity and what makes it alarming. Apart, so that a test can ask a live system for the quantity.</summary>
/// <param name="Signal">PromQL that returns data in health, unless <see cref="Silent"/> says why not.</param>
/// <param name="Comparison">For example <c>&gt; 0.8</c>; empty where any answer is alarming.</param>
internal sealed record Condition(string Signal, string Comparison)
{
    /// <summary>Why the signal returns nothing on a healthy system; null where it must return data.</summary>
    public string? Silent { get; init; }

    public string Expression => Comparison.Length == 0 ? Signal : IsCompound ? $"({Signal}) {Comparison}" : $"{Signal} {Comparison}";

    private bool IsCompound => Signal.Contains(" - ", StringComparison.Ordinal) || Signal.Contains("/ ", StringComparison.Ordinal)
        || Signal.Contains("+ ", StringComparison.Ordinal);
}

/// <summary>How loud an alert is.</summary>
internal static class Severities
{
    /// <summary>People are hurt now or will be within the hour: wakes somebody.</summary>
    public const string Page = "page";

    /// <summary>Something to mend in working hours.</summary>
    public const string Ticket = "ticket";

    /// <summary>Always fires, so that its absence can be noticed elsewhere.</summary>
    public const string Watchdog = "watchdog";
}
