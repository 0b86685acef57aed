using System.Collections.Immutable;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

internal static class KnownResourceStates
{
    public static readonly string NotStarted = nameof(NotStarted);
    public static readonly string Waiting = nameof(Waiting);
    public static readonly string Starting = nameof(Starting);
    public static readonly string Running = nameof(Running);
    public static readonly string Stopping = nameof(Stopping);
    public static readonly string Exited = nameof(Exited);
    public static readonly string Finished = nameof(Finished);
    public static readonly string FailedToStart = nameof(FailedToStart);

    public static readonly IReadOnlyList<string> TerminalStates = [Finished, FailedToStart, Exited];
}

internal sealed record ResourceStateSnapshot(string Text, string? Style)
{
    public static implicit operator ResourceStateSnapshot?(string? text) => text is null ? null : new(text, null);
}

internal sealed record UrlSnapshot(string? Name, string Url, bool IsInternal);

internal sealed record CustomResourceSnapshot
{
    public required string ResourceType { get; init; }

    public ResourceStateSnapshot? State { get; init; }

    public int? ExitCode { get; init; }

    public ImmutableArray<UrlSnapshot> Urls { get; init; } = [];

    /// <summary>Null until the process runs; a resource without checks is healthy while it runs.</summary>
    public HealthStatus? HealthStatus { get; init; }

    /// <summary>Why the resource is in its state, for a person: one sentence.</summary>
    internal string? Reason { get; init; }

    internal int? ProcessId { get; init; }
}

internal sealed record ResourceEvent(IResource Resource, string ResourceId, CustomResourceSnapshot Snapshot);
