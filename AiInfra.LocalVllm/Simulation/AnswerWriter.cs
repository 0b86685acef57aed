using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.Simulation;

/// <summary>
/// Writes the simulator's answers: the passages of the prompt that bear on its last question, so that a chat with injected memories
/// shows their effect. The same request and seed give the same answer.
/// </summary>
/// <param name="scripted">Answers given word for word, by the last user message (or the raw prompt).</param>
internal sealed class AnswerWriter(IReadOnlyDictionary<string, string> scripted)
{
    private static readonly string[] Openings = ["", "As far as I was told: ", "Going by the conversation: ", "From what was said: ", "In short: "];

    /// <param name="request">The request whose answer is wanted.</param>
    /// <param name="promptText">Its prompt as text.</param>
    /// <param name="random">Varies the wording where the temperature is above 0.</param>
    public string Write(EngineRequest request, string promptText, Random random)
    {
        var (context, question) = request.Turns is { Count: > 0 } turns ? FromTurns(turns) : FromText(promptText);
        if (scripted.TryGetValue(question, out var answer) || scripted.TryGetValue(promptText, out answer))
        {
            return answer;
        }

        // A question often stands at the end of a longer message, behind what it asks about.
        var parts = Passages.Split(question).ToList();
        var asked = parts.FindLast(part => part.EndsWith('?')) ?? parts.LastOrDefault() ?? "";
        var passages = context.Concat(parts.Where(part => part != asked)).Where(part => !part.EndsWith('?')).ToList();
        var bearing = Passages.Bearing(asked, passages);
        var opening = request.Sampling.Temperature > 0 ? Openings[random.Next(Openings.Length)] : "";
        return bearing.Count > 0
            ? opening + string.Join(' ', bearing)
            : $"{opening}This is a simulated answer: nothing in the conversation bears on \"{Shorten(asked)}\".";
    }

    private static (IReadOnlyList<string> Context, string Question) FromTurns(IReadOnlyList<ChatTurn> turns)
    {
        var last = turns.Count - 1;
        while (last > 0 && turns[last].Role is not ("user" or "tool"))
        {
            last--;
        }

        return ([.. turns.Where((_, index) => index != last).SelectMany(turn => Passages.Split(turn.Content))], turns[last].Content);
    }

    private static (IReadOnlyList<string> Context, string Question) FromText(string prompt)
    {
        var lines = prompt.TrimEnd().Split('\n');
        return ([.. lines[..^1].SelectMany(Passages.Split)], lines[^1]);
    }

    private static string Shorten(string text) => text.Length <= 200 ? text : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[199]) ? 199 : 200), "…");
}
