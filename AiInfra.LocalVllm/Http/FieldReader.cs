using System.Globalization;
using System.Text.Json;

namespace AiInfra.LocalVllm.Http;

/// <summary>
/// Reads fields of a JSON object as leniently as vLLM does ("3" is 3, "yes" is true, null is absent) and notes what does not fit.
/// Call <see cref="ValidationIssues.ThrowIfAny"/> after the last field.
/// </summary>
internal sealed class FieldReader(JsonElement source, string location, ValidationIssues issues)
{
    public JsonElement Source => source;

    public ValidationIssues Issues => issues;

    /// <summary>The body as an object, or an error that says what it is instead.</summary>
    public static FieldReader ForBody(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Object)
        {
            return new FieldReader(root, "body", new ValidationIssues());
        }

        if (root.ValueKind == JsonValueKind.Null)
        {
            throw ValidationIssues.Missing("body", "None");
        }

        var issues = new ValidationIssues();
        issues.Add("model_attributes_type", "body", "Input should be a valid dictionary or object to extract fields from", ValidationIssues.Describe(root));
        issues.ThrowIfAny();
        throw new InvalidOperationException("An issue was added above.");
    }

    /// <summary>A field that is there and not null.</summary>
    public JsonElement? Value(string name) =>
        source.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public bool Has(string name) => source.TryGetProperty(name, out _);

    public JsonElement? Required(string name)
    {
        if (!source.TryGetProperty(name, out var value))
        {
            issues.Add("missing", At(name), "Field required", ValidationIssues.Describe(source));
            return null;
        }

        return value;
    }

    public string? Text(string name)
    {
        if (Value(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return TextOf(value);
        }

        issues.Add("string_type", At(name), "Input should be a valid string", ValidationIssues.Describe(value));
        return null;
    }

    public long? Integer(string name)
    {
        if (Value(name) is not { } value)
        {
            return null;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.Number when value.TryGetInt64(out var whole):
                return whole;
            case JsonValueKind.Number when value.GetDouble() is var number && number == Math.Floor(number) && Math.Abs(number) < 1e18:
                return (long)number;
            case JsonValueKind.Number:
                issues.Add("int_from_float", At(name), "Input should be a valid integer, got a number with a fractional part", ValidationIssues.Describe(value));
                return null;
            case JsonValueKind.True or JsonValueKind.False:
                return value.GetBoolean() ? 1 : 0;
            case JsonValueKind.String when long.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed):
                return parsed;
            case JsonValueKind.String:
                issues.Add("int_parsing", At(name), "Input should be a valid integer, unable to parse string as an integer", ValidationIssues.Describe(value));
                return null;
            default:
                issues.Add("int_type", At(name), "Input should be a valid integer", ValidationIssues.Describe(value));
                return null;
        }
    }

    public double? Number(string name)
    {
        if (Value(name) is not { } value)
        {
            return null;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.Number:
                return value.GetDouble();
            case JsonValueKind.True or JsonValueKind.False:
                return value.GetBoolean() ? 1 : 0;
            case JsonValueKind.String when value.GetString() is { } text && text.StartsWith(JsonBody.NotFinite, StringComparison.Ordinal):
                return text[JsonBody.NotFinite.Length..] switch { "nan" => double.NaN, "inf" => double.PositiveInfinity, _ => double.NegativeInfinity };
            case JsonValueKind.String when double.TryParse(value.GetString(), CultureInfo.InvariantCulture, out var parsed):
                return parsed;
            case JsonValueKind.String:
                issues.Add("float_parsing", At(name), "Input should be a valid number, unable to parse string as a number", ValidationIssues.Describe(value));
                return null;
            default:
                issues.Add("float_type", At(name), "Input should be a valid number", ValidationIssues.Describe(value));
                return null;
        }
    }

    public bool Flag(string name, bool otherwise)
    {
        if (Value(name) is not { } value)
        {
            return otherwise;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.True or JsonValueKind.False:
                return value.GetBoolean();
            case JsonValueKind.Number when value.TryGetInt32(out var number) && number is 0 or 1:
                return number == 1;
            case JsonValueKind.String when value.GetString()?.ToLowerInvariant() is "true" or "yes" or "on" or "1" or "y" or "t":
                return true;
            case JsonValueKind.String when value.GetString()?.ToLowerInvariant() is "false" or "no" or "off" or "0" or "n" or "f":
                return false;
            case JsonValueKind.String:
                issues.Add("bool_parsing", At(name), "Input should be a valid boolean, unable to interpret input", ValidationIssues.Describe(value));
                return otherwise;
            default:
                issues.Add("bool_type", At(name), "Input should be a valid boolean", ValidationIssues.Describe(value));
                return otherwise;
        }
    }

    /// <summary>A list of integers.</summary>
    public IReadOnlyList<int>? Integers(string name)
    {
        if (Value(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            issues.Add("list_type", At(name), "Input should be a valid list", ValidationIssues.Describe(value));
            return null;
        }

        var result = new List<int>(value.GetArrayLength());
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number))
            {
                result.Add(number);
            }
            else
            {
                var parsing = item.ValueKind == JsonValueKind.String;
                issues.Add(
                    parsing ? "int_parsing" : "int_type",
                    $"{At(name)}.{index}",
                    "Input should be a valid integer" + (parsing ? ", unable to parse string as an integer" : ""),
                    ValidationIssues.Describe(item));
            }

            index++;
        }

        return result;
    }

    /// <summary>A string or a list of strings.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        if (Value(name) is not { } value)
        {
            return [];
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return [TextOf(value)];
            case JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String):
                return [.. value.EnumerateArray().Select(TextOf)];
            default:
                issues.Add("string_type", At(name), "Input should be a valid string", ValidationIssues.Describe(value));
                issues.Add("list_type", At(name), "Input should be a valid list", ValidationIssues.Describe(value));
                return [];
        }
    }

    /// <exception cref="ApiError">The string holds half a surrogate pair.</exception>
    public static string TextOf(JsonElement value)
    {
        try
        {
            return value.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            throw ApiError.BadRequest("TextEncodeInput must be Union[TextInputSequence, Tuple[InputSequence, InputSequence]]", null);
        }
    }

    private string At(string name) => $"{location}.{name}";
}
