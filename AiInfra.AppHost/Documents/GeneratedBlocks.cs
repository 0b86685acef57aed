namespace AiInfra.AppHost.Documents;

/// <summary>
/// The parts of a document that a program writes: between <c>&lt;!-- generated: NAME --&gt;</c> and <c>&lt;!-- end --&gt;</c>. Everything
/// else is people's.
/// </summary>
internal static class GeneratedBlocks
{
    private const string Start = "<!-- generated: ";
    private const string StartEnd = " -->";
    private const string End = "<!-- end -->";

    /// <summary>The document with each of its blocks written anew.</summary>
    /// <exception cref="InvalidOperationException">A block has no end, or the document and <paramref name="blocks"/> do not name the same ones.</exception>
    public static string Write(string document, IReadOnlyDictionary<string, string> blocks)
    {
        var lines = new List<string>();
        var named = new List<string>();
        string? open = null;
        foreach (var line in document.ReplaceLineEndings("\n").Split('\n'))
        {
            if (open is null)
            {
                lines.Add(line);
                if (line.StartsWith(Start, StringComparison.Ordinal) && line.EndsWith(StartEnd, StringComparison.Ordinal))
                {
                    open = line[Start.Length..^StartEnd.Length];
                    named.Add(open);
                    lines.Add(blocks.GetValueOrDefault(open)?.ReplaceLineEndings("\n").Trim('\n')
                        ?? throw new InvalidOperationException($"Nothing writes the block '{open}'."));
                }
            }
            else if (line == End)
            {
                lines.Add(line);
                open = null;
            }
        }

        var missing = blocks.Keys.Except(named).ToList();
        return open is not null ? throw new InvalidOperationException($"The block '{open}' has no end.")
            : missing.Count > 0 ? throw new InvalidOperationException($"The document has no place for the block '{missing[0]}'.")
            : string.Join('\n', lines);
    }

    /// <summary>The lines that people wrote, with their numbers from 1.</summary>
    public static IEnumerable<(int Number, string Text)> Written(string document)
    {
        var inside = false;
        var number = 0;
        foreach (var line in document.ReplaceLineEndings("\n").Split('\n'))
        {
            number++;
            if (line.StartsWith(Start, StringComparison.Ordinal))
            {
                inside = true;
            }
            else if (line == End)
            {
                inside = false;
            }
            else if (!inside)
            {
                yield return (number, line);
            }
        }
    }
}
