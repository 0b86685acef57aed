namespace AiInfra.Tests.Documents;

/// <summary>The documents obey CONSTITUTION.md, and a document that is broken on purpose is found out.</summary>
public sealed class DocumentTests
{
    private const string Matrix = "docs/resource-allocation-matrix.md";
    private const string Diagram = "docs/enhanced-infrastructure-architecture.md";
    private const string Constitution = "CONSTITUTION.md";

    public static TheoryData<string> Documents => [.. DocumentChecks.Governed];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_line_of_a_document_holds(string document)
    {
        var problems = DocumentChecks.Problems(document, DocumentChecks.Text(document));

        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }

    [Fact]
    public void A_wrong_number_in_the_matrix_is_found() =>
        Broken(Matrix, "| redis | 1 | 1 | 1024 |", "| redis | 1 | 1 | 2048 |", "differs from what the model generates");

    [Fact]
    public void An_arrow_that_is_missing_in_the_diagram_is_found() =>
        Broken(Diagram, "    memory -->|\"vectors :8000\"| chroma\n", "", "differs from what the model generates");

    [Fact]
    public void A_block_that_is_missing_is_found() =>
        Broken(Diagram, "<!-- generated: arrows -->", "", "no place for the block 'arrows'");

    [Fact]
    public void A_test_that_was_renamed_is_found() =>
        Broken(Constitution, "[test: Documents.DocumentTests.A_test_that_was_renamed_is_found]", "[test: Documents.DocumentTests.A_test_that_had_another_name]", "names a test that is not there");

    [Fact]
    public void A_file_that_is_gone_is_found() =>
        Broken(Constitution, "[file: AiInfra.Tests/Documents/DocumentChecks.cs]", "[file: AiInfra.Tests/Documents/Gone.cs]", "names a file that is not there");

    [Fact]
    public void A_benchmark_that_is_gone_is_found() =>
        Appended("* Memories are small. [bench: smallness]", "names a bench that is not there");

    [Fact]
    public void A_claim_without_evidence_is_found()
    {
        Appended("* The gateway answers in no time.", "without evidence");
        Appended("It serves 1000 requests a second.", "without evidence");
        Appended("| a row | of a table |", "without evidence");
    }

    [Fact]
    public void A_status_word_without_a_run_is_found() =>
        Appended("* The platform is production-ready. [file: README.md]", "says 'production-ready'");

    [Fact]
    public void A_dead_link_is_found()
    {
        Appended("See [there](docs/nowhere.md).", "which is not there");
        Appended("See [there](docs/runbook.md#nowhere).", "no such heading");
    }

    private static void Broken(string document, string what, string by, string problem)
    {
        var text = DocumentChecks.Text(document);
        Assert.Contains(what, text, StringComparison.Ordinal);

        Assert.Contains(DocumentChecks.Problems(document, text.Replace(what, by, StringComparison.Ordinal)), found => found.Contains(problem, StringComparison.Ordinal));
    }

    private static void Appended(string line, string problem) =>
        Assert.Contains(DocumentChecks.Problems(Constitution, DocumentChecks.Text(Constitution) + line + "\n"), found => found.Contains(problem, StringComparison.Ordinal));
}
