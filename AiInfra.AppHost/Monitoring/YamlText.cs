using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace AiInfra.AppHost.Monitoring;

/// <summary>Writes a JSON tree as the YAML that a person would write: block style, text of several lines as a block.</summary>
internal static partial class YamlText
{
    private static readonly JsonSerializerOptions Quoting = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(JsonNode document)
    {
        var text = new StringBuilder();
        WriteBlock(text, document, 0);
        return text.ToString();
    }

    /// <summary>A duration as Prometheus reads it: the largest unit that divides it, milliseconds at the least.</summary>
    public static string Duration(TimeSpan duration)
    {
        var milliseconds = (long)Math.Ceiling(duration.TotalMilliseconds);
        return milliseconds switch
        {
            _ when milliseconds > 0 && milliseconds % 86_400_000 == 0 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 86_400_000}d"),
            _ when milliseconds > 0 && milliseconds % 3_600_000 == 0 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 3_600_000}h"),
            _ when milliseconds > 0 && milliseconds % 60_000 == 0 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 60_000}m"),
            _ when milliseconds % 1000 == 0 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000}s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms"),
        };
    }

    private static void WriteBlock(StringBuilder text, JsonNode node, int indent)
    {
        if (node is JsonObject properties)
        {
            foreach (var (name, value) in properties)
            {
                text.Append(' ', indent).Append(Scalar(name)).Append(':');
                WriteValue(text, value, indent);
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
            {
                // The first line of an item follows its dash, the others stand below it.
                var start = text.Length;
                WriteItem(text, item, indent + 2);
                text.Remove(start, indent + 2).Insert(start, new string(' ', indent) + "- ");
            }
        }
    }

    private static void WriteItem(StringBuilder text, JsonNode? item, int indent)
    {
        if (item is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            WriteBlock(text, item, indent);
        }
        else
        {
            text.Append(' ', indent).Append(Inline(item)).Append('\n');
        }
    }

    private static void WriteValue(StringBuilder text, JsonNode? value, int indent)
    {
        if (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            text.Append('\n');
            WriteBlock(text, value, indent + 2);
        }
        else if (value?.GetValueKind() == JsonValueKind.String && value.GetValue<string>() is var block && block.Contains('\n', StringComparison.Ordinal))
        {
            text.Append(" |-\n");
            foreach (var line in block.Split('\n'))
            {
                text.Append(' ', line.Length == 0 ? 0 : indent + 2).Append(line).Append('\n');
            }
        }
        else
        {
            text.Append(' ').Append(Inline(value)).Append('\n');
        }
    }

    private static string Inline(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        _ when value.GetValueKind() == JsonValueKind.String => Scalar(value.GetValue<string>()),
        _ => value.ToJsonString(),
    };

    private static string Scalar(string value) => value switch
    {
        _ when Plain().IsMatch(value) && !Reserved().IsMatch(value) => value,
        // PromQL is full of double quotes.
        _ when value.Contains('"', StringComparison.Ordinal) && value.IndexOfAny(['\'', '\\', '\n', '\t', '\r']) < 0 => $"'{value}'",
        _ => JsonSerializer.Serialize(value, Quoting),
    };

    [GeneratedRegex("^[A-Za-z_/][A-Za-z0-9_./-]*$")]
    private static partial Regex Plain();

    [GeneratedRegex("^(true|false|null|yes|no|on|off|y|n)$", RegexOptions.IgnoreCase)]
    private static partial Regex Reserved();
}
