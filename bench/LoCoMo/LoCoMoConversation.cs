using System.Globalization;
using System.Text.Json;

namespace AiInfra.Bench.LoCoMo;

/// <summary>One turn of a conversation; the caption says what a photo shared with it shows, or is null.</summary>
internal sealed record Turn(string Id, string Session, string Speaker, string Text, string? Caption, DateTimeOffset Time);

/// <summary>A question and the turns that answer it.</summary>
internal sealed record Question(string Text, int Category, IReadOnlyList<string> Evidence);

/// <summary>A conversation of LoCoMo (Maharana et al., ACL 2024).</summary>
internal sealed record LoCoMoConversation(string Name, IReadOnlyList<Turn> Turns, IReadOnlyList<Question> Questions)
{
    public static readonly IReadOnlyDictionary<int, string> Categories = new Dictionary<int, string>
    {
        [1] = "multi-hop",
        [2] = "temporal",
        [3] = "open-domain",
        [4] = "single-hop",
        [5] = "adversarial",
    };

    private static readonly char[] Separators = [';', ',', ' '];

    public static LoCoMoConversation Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        var root = document.RootElement;
        var turns = new List<Turn>();
        for (var number = 1; number < 100; number++)
        {
            if (root.TryGetProperty($"session_{number}", out var session))
            {
                turns.AddRange(ReadTurns(session, $"session-{number}", root.GetProperty($"session_{number}_date_time").GetString()!));
            }
        }

        var known = turns.Select(turn => turn.Id).ToHashSet(StringComparer.Ordinal);
        var questions = root.GetProperty("qa").EnumerateArray().Select(entry => ReadQuestion(entry, known)).Where(question => question.Evidence.Count > 0);
        return new LoCoMoConversation(Path.GetFileNameWithoutExtension(file), turns, [.. questions]);
    }

    // "1:56 pm on 8 May, 2023"
    private static IEnumerable<Turn> ReadTurns(JsonElement session, string name, string time)
    {
        var at = DateTimeOffset.ParseExact(time.Replace(" on ", " ", StringComparison.Ordinal), "h:mm tt d MMMM, yyyy", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        return session.EnumerateArray().Select(turn => new Turn(
            turn.GetProperty("dia_id").GetString()!, name, turn.GetProperty("speaker").GetString()!, turn.GetProperty("text").GetString()!,
            turn.TryGetProperty("blip_caption", out var caption) ? caption.GetString() : null, at));
    }

    // A few entries hold several ids ("D8:6; D9:17"), a few name no turn.
    private static Question ReadQuestion(JsonElement entry, HashSet<string> known)
    {
        var evidence = entry.TryGetProperty("evidence", out var ids)
            ? ids.EnumerateArray().SelectMany(id => id.GetString()!.Split(Separators, StringSplitOptions.RemoveEmptyEntries)).Where(known.Contains).Distinct(StringComparer.Ordinal)
            : [];
        return new Question(entry.GetProperty("question").GetString()!, entry.GetProperty("category").GetInt32(), [.. evidence]);
    }
}
