using System.Text.Json;
using static AiInfra.LocalVllm.SmolLm2.GrammarText;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>Strings and numbers of a JSON schema as grammar.</summary>
internal static class JsonSchemaScalars
{
    private const int MaxCount = 10_000;

    private const string Date = @"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])";
    private const string Time = @"([01]\d|2[0-3]):[0-5]\d:[0-5]\d";
    private const string Zone = @"(Z|[+-]([01]\d|2[0-3]):[0-5]\d)";

    public static GrammarNode String(JsonElement schema)
    {
        var (min, max) = (Count(schema, "minLength"), Count(schema, "maxLength"));
        if (schema.TryGetProperty("pattern", out var pattern))
        {
            return min is null && max is null
                ? Quoted(RegexGrammar.Search(pattern.GetString() ?? "", JsonText.CharacterOf))
                : throw new GrammarException("The JSON schema uses 'pattern' with a length, which is not supported: put the length into the pattern.");
        }

        // Formats that are not listed are annotations, as the specification has it.
        var format = !schema.TryGetProperty("format", out var name) ? null : name.GetString() switch
        {
            "date" => Date,
            "time" => Time + Zone,
            "date-time" => $"{Date}T{Time}{Zone}",
            "uuid" => "[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
            "ipv4" => @"((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)",
            "email" => @"[a-z0-9]{1,20}(\.[a-z0-9]{1,20})?@[a-z0-9]{1,20}(\.[a-z]{2,10}){1,2}",
            _ => null,
        };
        if (format is not null)
        {
            return Quoted(RegexGrammar.Whole(format));
        }

        return max < min
            ? throw new GrammarException("The JSON schema has a maxLength below its minLength.")
            : JsonText.StringOf(min ?? 0, max);
    }

    public static GrammarNode Number(JsonElement schema, string type)
    {
        var (min, max) = (Value(schema, "minimum"), Value(schema, "maximum"));
        var (above, below) = (Value(schema, "exclusiveMinimum"), Value(schema, "exclusiveMaximum"));
        if ((min ?? max ?? above ?? below) is null)
        {
            return type == "integer" ? JsonText.Integer : JsonText.Number;
        }

        var isMinExcluded = above >= (min ?? double.MinValue);
        var isMaxExcluded = below <= (max ?? double.MaxValue);
        (min, max) = (isMinExcluded ? above : min, isMaxExcluded ? below : max);
        if (type == "number")
        {
            return IntegerRange.NumbersBetween(min, max, isMinExcluded, isMaxExcluded);
        }

        var low = min is null ? null : (long?)(Math.Ceiling(min.Value) + (isMinExcluded && Math.Ceiling(min.Value) == min ? 1 : 0));
        var high = max is null ? null : (long?)(Math.Floor(max.Value) - (isMaxExcluded && Math.Floor(max.Value) == max ? 1 : 0));
        return IntegerRange.Between(low, high);
    }

    /// <summary>A length or number of items, or null where the schema does not give one.</summary>
    public static int? Count(JsonElement schema, string keyword) => Value(schema, keyword) switch
    {
        null => null,
        >= 0 and <= MaxCount and var value => (int)value,
        _ => throw new GrammarException($"'{keyword}' in the JSON schema must lie between 0 and {MaxCount}."),
    };

    private static GrammarNode Quoted(GrammarNode content) => Sequence(Literal("\""), content, Literal("\""));

    private static double? Value(JsonElement schema, string keyword) => !schema.TryGetProperty(keyword, out var value) ? null
        : value.ValueKind == JsonValueKind.Number ? value.GetDouble()
        : throw new GrammarException($"'{keyword}' in the JSON schema must be a number.");
}
