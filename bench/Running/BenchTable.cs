namespace AiInfra.Bench.Running;

internal static class BenchTable
{
    public static void Print(BenchReport report, TextWriter output)
    {
        var columns = report.Rows.SelectMany(row => row.Values.Keys).Distinct().ToList();
        var labelWidth = report.Rows.Select(row => row.Label.Length).Append(report.Name.Length).Max();
        output.WriteLine($"{report.Name.PadRight(labelWidth)}  {string.Join("  ", columns.Select(column => column.PadLeft(Width(column))))}");
        foreach (var row in report.Rows)
        {
            var cells = columns.Select(column => (row.Values.TryGetValue(column, out var value) ? $"{value:0.###}" : "").PadLeft(Width(column)));
            output.WriteLine($"{row.Label.PadRight(labelWidth)}  {string.Join("  ", cells)}");
        }

        foreach (var bar in report.Bars)
        {
            output.WriteLine($"{(bar.Holds ? "holds " : "FAILS ")} {bar.Name}: {bar.Value:0.###} (bar {bar.Bar})");
        }

        foreach (var note in report.Notes)
        {
            output.WriteLine($"note   {note}");
        }

        static int Width(string column) => Math.Max(column.Length, 9);
    }
}
