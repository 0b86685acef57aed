using System.Reflection;
using System.Text.RegularExpressions;
using AiInfra.AppHost.Documents;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.Documents;

/// <summary>The rules of CONSTITUTION.md as code: what is wrong with a document, in sentences that name its lines.</summary>
internal static partial class DocumentChecks
{
    /// <summary>Every document that the rules hold for.</summary>
    public static IReadOnlyList<string> Governed { get; } =
    [
        "CONSTITUTION.md", "docs/enhanced-infrastructure-architecture.md", "docs/network-optimization-strategy.md", "docs/resource-allocation-matrix.md",
        "docs/storage-optimization-plan.md", "docs/test-infrastructure-architecture.md",
        .. Directory.GetFiles(Path.Combine(RepositoryPaths.Root, "docs", "decisions"), "*.md").Select(file => $"docs/decisions/{Path.GetFileName(file)}").Order(StringComparer.Ordinal),
    ];

    public static string Text(string document) => File.ReadAllText(Path.Combine(RepositoryPaths.Root, document));

    /// <summary>Everything that is wrong with this text in the place of the document.</summary>
    public static IReadOnlyList<string> Problems(string document, string text) =>
        [.. Claims(document, text), .. Evidence(document, text), .. Links(document, text), .. StatusWords(document, text), .. Generated(document, text)];

    // A claim is a list item, a row of a table below its head, or any other line with a figure in it.
    private static IEnumerable<string> Claims(string document, string text)
    {
        var lines = Lines(text).ToList();
        var heads = lines.Zip(lines.Skip(1)).Where(pair => TableRule().IsMatch(pair.Second.Text)).Select(pair => pair.First.Number).ToHashSet();
        return from line in lines
               where !heads.Contains(line.Number) && IsClaim(line.Text) && !Marks().IsMatch(line.Text)
               select $"{document}:{line.Number} claims something without evidence: {line.Text.Trim()}";
    }

    private static IEnumerable<string> Evidence(string document, string text) =>
        from line in Lines(text)
        from Match mark in Marks().Matches(line.Text)
        let kind = mark.Groups["kind"].Value
        let name = mark.Groups["name"].Value.Trim()
        where kind switch
        {
            "test" => !Tests.Contains(name),
            "bench" => !Benchmarks.Contains(name),
            "file" => !FileHolds(name),
            _ => false,
        }
        select $"{document}:{line.Number} names a {kind} that is not there: {name}";

    private static IEnumerable<string> Links(string document, string text)
    {
        var folder = Path.GetDirectoryName(Path.Combine(RepositoryPaths.Root, document))!;
        foreach (var (number, line) in Lines(text, alsoGenerated: true))
        {
            foreach (Match link in LinkPattern().Matches(line))
            {
                var target = link.Groups[1].Value.Split('#');
                if (target[0].Contains("://", StringComparison.Ordinal))
                {
                    continue;
                }

                var file = target[0].Length == 0 ? Path.Combine(RepositoryPaths.Root, document) : Path.GetFullPath(Path.Combine(folder, target[0]));
                if (!File.Exists(file) && !Directory.Exists(file))
                {
                    yield return $"{document}:{number} links to {link.Groups[1].Value}, which is not there";
                }
                else if (target.Length > 1 && !Anchors(target[0].Length == 0 ? text : File.ReadAllText(file)).Contains(target[1]))
                {
                    yield return $"{document}:{number} links to {link.Groups[1].Value}, and there is no such heading";
                }
            }
        }
    }

    private static IEnumerable<string> StatusWords(string document, string text) =>
        from line in Lines(text)
        let word = StatusPattern().Match(line.Text)
        // Only what a run shows makes such a word more than a wish.
        where word.Success && !Marks().Matches(line.Text).Any(mark => mark.Groups["kind"].Value is "test" or "bench")
        select $"{document}:{line.Number} says '{word.Value}' and names no test or benchmark";

    private static IEnumerable<string> Generated(string document, string text)
    {
        if (DocumentCommand.Blocks().TryGetValue(Path.GetFileName(document), out var blocks))
        {
            var problem = "";
            try
            {
                if (GeneratedBlocks.Write(text, blocks) != text.ReplaceLineEndings("\n"))
                {
                    problem = $"{document} differs from what the model generates now: run `dotnet run --project AiInfra.AppHost -- docs`";
                }
            }
            catch (InvalidOperationException broken)
            {
                problem = $"{document}: {broken.Message}";
            }

            if (problem.Length > 0)
            {
                yield return problem;
            }
        }
    }

    private static IEnumerable<(int Number, string Text)> Lines(string text, bool alsoGenerated = false)
    {
        var fenced = false;
        var lines = alsoGenerated ? text.ReplaceLineEndings("\n").Split('\n').Select((line, index) => (index + 1, line)) : GeneratedBlocks.Written(text);
        foreach (var (number, line) in lines)
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                fenced = !fenced;
            }
            else if (!fenced)
            {
                yield return (number, line);
            }
        }
    }

    private static bool IsClaim(string line)
    {
        var trimmed = line.Trim();
        return trimmed.Length > 0 && !trimmed.StartsWith('#') && !trimmed.StartsWith("<!--", StringComparison.Ordinal)
            && (trimmed.StartsWith('|') ? !TableRule().IsMatch(trimmed) : ItemPattern().IsMatch(trimmed) || FigurePattern().IsMatch(trimmed));
    }

    private static bool FileHolds(string name)
    {
        var parts = name.Split('#', 2);
        var path = Path.Combine(RepositoryPaths.Root, parts[0]);
        return parts.Length == 1
            ? File.Exists(path) || Directory.Exists(path)
            : File.Exists(path) && File.ReadAllText(path).Contains(parts[1], StringComparison.Ordinal);
    }

    private static HashSet<string> Anchors(string text) =>
        [.. text.Split('\n').Where(line => line.StartsWith('#')).Select(line =>
            NotInAnchor().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    /// <summary>Namespace below this assembly's, class and method of every test.</summary>
    private static readonly HashSet<string> Tests =
    [
        .. from type in typeof(DocumentChecks).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
           where method.GetCustomAttributes().Any(attribute => attribute is FactAttribute)
           select $"{type.FullName!["AiInfra.Tests.".Length..]}.{method.Name}",
    ];

    // bench is a program of its own: its names are read where they are written.
    private static readonly HashSet<string> Benchmarks =
    [
        .. Directory.GetFiles(Path.Combine(RepositoryPaths.Root, "bench"), "*Benchmark.cs", SearchOption.AllDirectories)
            .Select(file => BenchmarkName().Match(File.ReadAllText(file))).Where(match => match.Success).Select(match => match.Groups[1].Value),
    ];

    [GeneratedRegex(@"\[(?<kind>test|bench|file|open): ?(?<name>[^\]]*)\]")]
    private static partial Regex Marks();

    [GeneratedRegex(@"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex LinkPattern();

    [GeneratedRegex(@"\b(complete|completed|done|passing|verified|production[- ]ready|fully|guaranteed|proven|finished)\b|✅|✔", RegexOptions.IgnoreCase)]
    private static partial Regex StatusPattern();

    [GeneratedRegex(@"^\|[\s:|-]+\|$")]
    private static partial Regex TableRule();

    [GeneratedRegex(@"^([*+-]|\d+\.) ")]
    private static partial Regex ItemPattern();

    [GeneratedRegex(@"\d")]
    private static partial Regex FigurePattern();

    [GeneratedRegex(@"[^a-z0-9 _-]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex("public string Name => \"([a-z]+)\"")]
    private static partial Regex BenchmarkName();
}
