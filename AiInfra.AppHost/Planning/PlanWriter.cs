using System.Text.Json;

namespace AiInfra.AppHost.Planning;

internal enum PlanFormat
{
    Table,
    Json,
    Markdown,
}

/// <summary>Writes a report as a table for a terminal, as JSON or as Markdown.</summary>
internal static class PlanWriter
{
    public static void Write(PlanReport report, PlanFormat format, TextWriter output)
    {
        switch (format)
        {
            case PlanFormat.Json:
                output.WriteLine(JsonSerializer.Serialize(report, PlanReportJson.Default.PlanReport));
                break;
            case PlanFormat.Markdown:
                output.WriteLine($"# {report.Model} on {report.Gpus} x {report.Gpu}");
                foreach (var section in PlanSections.Of(report))
                {
                    output.WriteLine($"\n## {section.Title}\n\n| | |\n|---|---|");
                    foreach (var (name, value) in section.Lines)
                    {
                        output.WriteLine($"| {Escape(name)} | {Escape(value)} |");
                    }
                }

                break;
            default:
                foreach (var section in PlanSections.Of(report))
                {
                    output.WriteLine(section.Title);
                    foreach (var (name, value) in section.Lines)
                    {
                        output.WriteLine($"  {name,-24} {value}");
                    }
                }

                break;
        }
    }

    private static string Escape(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
