namespace AiInfra.LocalVllm.Generation;

/// <summary>Texts that end an answer.</summary>
/// <param name="Values">The texts; none is empty.</param>
/// <param name="Include">Whether the one that ended it stays in the answer.</param>
internal sealed record StopStrings(IReadOnlyList<string> Values, bool Include)
{
    public static StopStrings None { get; } = new([], false);
}
