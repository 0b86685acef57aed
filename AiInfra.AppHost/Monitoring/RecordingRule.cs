namespace AiInfra.AppHost.Monitoring;

/// <summary>A series that Prometheus computes ahead, named <c>level:metric:operation</c>.</summary>
internal sealed record RecordingRule(string Name, string Expression)
{
    /// <summary>Why it records nothing on a healthy system; null where it must return data under load.</summary>
    public string? Silent { get; init; }
}
