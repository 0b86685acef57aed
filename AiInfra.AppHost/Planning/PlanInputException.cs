namespace AiInfra.AppHost.Planning;

/// <summary>Input that cannot be planned: what is wrong, and the nearest thing that would work.</summary>
internal sealed class PlanInputException(string message, string nearest) : Exception($"{message} {nearest}".TrimEnd())
{
    /// <summary>The nearest input that would work, as a sentence.</summary>
    public string Nearest { get; } = nearest;
}
