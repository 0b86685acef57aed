using System.Text;
using System.Xml.Linq;
using AiInfra.AppHost.Documents;
using AiInfra.Tests.Acceptance;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.Documents;

/// <summary>
/// <c>docs/test-infrastructure-architecture.md</c> lists which test shows which line of the acceptance cases, with the result of the last
/// run. With <c>AIINFRA_REWRITE=1</c> it is written anew instead of compared; <c>AIINFRA_RESULTS</c> names the report of the run, which
/// <c>test.sh</c> compares after a whole one.
/// </summary>
public sealed class TestInfrastructureTests
{
    private static readonly string File = Path.Combine(RepositoryPaths.Root, "docs", "test-infrastructure-architecture.md");

    [Fact]
    public async Task The_document_lists_every_line_with_its_tests_and_the_last_result()
    {
        var results = Environment.GetEnvironmentVariable("AIINFRA_RESULTS") is { Length: > 0 } report ? Results(report) : null;
        var text = await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken);
        var written = GeneratedBlocks.Write(text, new Dictionary<string, string> { ["lines"] = Table(results ?? Recorded(text)) });
        if (Environment.GetEnvironmentVariable("AIINFRA_REWRITE") == "1")
        {
            await System.IO.File.WriteAllTextAsync(File, written, TestContext.Current.CancellationToken);
            text = written;
        }

        Assert.Equal(written, text.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Every_line_of_the_acceptance_cases_has_tests_that_exist()
    {
        Assert.Equal([1, 2, 3, 4], AcceptanceLine.All.Select(line => line.Case).Distinct());
        Assert.All(AcceptanceLine.All, line => Assert.NotEmpty(line.Tests));
        Assert.All(AcceptanceLine.All.SelectMany(line => line.Tests), test => Assert.True(AcceptanceLine.Find(test) is not null, $"There is no test {test}."));
    }

    private static string Table(IReadOnlyDictionary<string, string> results)
    {
        var table = new StringBuilder("| Case | Line | Test | Last result |\n|---|---|---|---|\n");
        foreach (var line in AcceptanceLine.All)
        {
            foreach (var test in line.Tests)
            {
                table.Append($"| {line.Case} {AcceptanceLine.Cases[line.Case]} | {line.Line} | {test} | {results.GetValueOrDefault(test, "not run")} |\n");
            }
        }

        return table.ToString();
    }

    // The results that stand in the document: whoever changes a line without a run keeps the others.
    private static Dictionary<string, string> Recorded(string text) => text.ReplaceLineEndings("\n").Split('\n')
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries)).Where(cells => cells.Length == 6 && AcceptanceLine.All.Any(line => line.Tests.Contains(cells[3])))
        .ToDictionary(cells => cells[3], cells => cells[4] is "passed" or "failed" ? cells[4] : "not run");

    private static Dictionary<string, string> Results(string report) => XDocument.Load(report).Descendants("test")
        .GroupBy(test => $"{(string)test.Attribute("type")!}.{(string)test.Attribute("method")!}"["AiInfra.Tests.".Length..])
        .ToDictionary(test => test.Key, test => test.All(one => (string)one.Attribute("result")! == "Pass") ? "passed" : "failed");
}
