using System.Globalization;
using System.Text;

namespace AiInfra.LocalVllm.Metrics;

/// <summary>
/// Writes Prometheus' text format as the Python client does: labels sorted by name, numbers as Python prints them, and beside every counter, histogram
/// and summary a gauge <c>…_created</c>.
/// </summary>
internal sealed class Exposition(double createdAt)
{
    private readonly StringBuilder _text = new(64 * 1024);

    public override string ToString() => _text.ToString();

    /// <param name="name">With its prefix.</param>
    /// <param name="help">One sentence.</param>
    /// <param name="series">Label text (without braces) and value.</param>
    public void Gauge(string name, string help, params ReadOnlySpan<(string Labels, double Value)> series)
    {
        Header(name, help, "gauge");
        foreach (var (labels, value) in series)
        {
            Line(name, labels, value);
        }
    }

    /// <param name="name">Without <c>_total</c>.</param>
    /// <param name="help">One sentence.</param>
    /// <param name="series">Label text (without braces) and value.</param>
    public void Counter(string name, string help, params ReadOnlySpan<(string Labels, double Value)> series)
    {
        Header(name + "_total", help, "counter");
        foreach (var (labels, value) in series)
        {
            Line(name + "_total", labels, value);
        }

        Header(name + "_created", help, "gauge");
        foreach (var (labels, _) in series)
        {
            Line(name + "_created", labels, createdAt);
        }
    }

    /// <summary>A counter without its <c>_created</c> companion, as the process' own series are.</summary>
    public void CounterOnly(string name, string help, double value)
    {
        Header(name + "_total", help, "counter");
        Line(name + "_total", "", value);
    }

    public void Histogram(string name, string help, params ReadOnlySpan<(string Labels, Histogram Histogram)> series)
    {
        Header(name, help, "histogram");
        foreach (var (labels, histogram) in series)
        {
            var (counts, sum) = histogram.Read();
            var total = 0L;
            for (var i = 0; i < counts.Length; i++)
            {
                total += counts[i];
                var bound = i < histogram.Bounds.Count ? Number(histogram.Bounds[i]) : "+Inf";
                Line(name + "_bucket", WithBound(labels, bound), total);
            }

            Line(name + "_count", labels, total);
            Line(name + "_sum", labels, sum);
        }

        Header(name + "_created", help, "gauge");
        foreach (var (labels, _) in series)
        {
            Line(name + "_created", labels, createdAt);
        }
    }

    public void Summary(string name, string help, params ReadOnlySpan<(string Labels, long Count, double Sum)> series)
    {
        Header(name, help, "summary");
        foreach (var (labels, count, sum) in series)
        {
            Line(name + "_count", labels, count);
            Line(name + "_sum", labels, sum);
        }

        Header(name + "_created", help, "gauge");
        foreach (var (labels, _, _) in series)
        {
            Line(name + "_created", labels, createdAt);
        }
    }

    /// <summary>A number as Python prints a float.</summary>
    public static string Number(double value) => value == Math.Floor(value) && Math.Abs(value) < 1e16
        ? value.ToString("0.0", CultureInfo.InvariantCulture)
        : value.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);

    // The Python client writes numbers from a million on with an exponent: 1.7955069e+09.
    private static string Sample(double value)
    {
        var text = Number(value);
        var dot = text.IndexOf('.');
        return dot <= 6 || value < 0 || text.Contains('e')
            ? text
            : $"{text[0]}.{(text[1..dot] + text[(dot + 1)..]).TrimEnd('0').PadRight(1, '0')}e+{dot - 1:00}";
    }

    private void Header(string name, string help, string type) =>
        _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private void Line(string name, string labels, double value)
    {
        _text.Append(name);
        if (labels.Length > 0)
        {
            _text.Append('{').Append(labels).Append('}');
        }

        _text.Append(' ').Append(Sample(value)).Append('\n');
    }

    // The Python client sorts labels: engine, handler < le < method, model_name.
    private static string WithBound(string labels, string bound)
    {
        var own = $"le=\"{bound}\"";
        if (labels.Length == 0)
        {
            return own;
        }

        var after = labels.IndexOf("me", StringComparison.Ordinal) is var method && labels.AsSpan(Math.Max(method, 0)).StartsWith("method=")
            ? method
            : labels.IndexOf("model_name=", StringComparison.Ordinal);
        return after < 0 ? $"{labels},{own}" : after == 0 ? $"{own},{labels}" : $"{labels[..after]}{own},{labels[after..]}";
    }
}
