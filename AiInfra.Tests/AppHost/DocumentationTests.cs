using System.Reflection;
using System.Text.RegularExpressions;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.AppHost;

/// <summary>What the documents say about tests and size is so.</summary>
public sealed partial class DocumentationTests
{
    [Fact]
    public void Every_test_that_the_page_about_Aspire_names_exists()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "aspire.md"));
        var named = TestName().Matches(page).Select(match => (Class: match.Groups[1].Value, Method: match.Groups[2].Value)).Distinct().ToList();
        var tests = typeof(DocumentationTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods().Where(method => method.GetCustomAttributes<FactAttribute>().Any()).Select(method => (type.Name, method.Name)))
            .ToHashSet();

        Assert.True(named.Count >= 15, $"only {named.Count} tests are named");
        Assert.DoesNotContain(named, one => !tests.Contains(one));
    }

    [Fact]
    public void The_process_engine_stays_small()
    {
        var engine = Path.Combine(RepositoryPaths.Root, "AiInfra.AppHost", "ProcessEngine");

        Assert.InRange(Directory.EnumerateFiles(engine, "*.cs", SearchOption.AllDirectories).Sum(file => File.ReadLines(file).Count()), 1, 2000);
    }

    [GeneratedRegex(@"`(\w+Tests)\.(\w+)`")]
    private static partial Regex TestName();
}
