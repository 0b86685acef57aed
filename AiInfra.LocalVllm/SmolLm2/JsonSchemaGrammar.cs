using System.Text.Json;
using static AiInfra.LocalVllm.SmolLm2.GrammarText;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>A JSON schema as grammar. What it cannot keep it refuses; it never lets a constraint slip.</summary>
/// <remarks>
/// As in vLLM's grammars, properties come in the schema's order, and an object that declares properties has no others unless
/// <c>additionalProperties</c> says so.
/// </remarks>
internal sealed class JsonSchemaGrammar
{
    private const int MaxProperties = 256;
    private const int MaxDepth = 64;

    private static readonly string[] Refused =
    [
        "not", "if", "patternProperties", "propertyNames", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas",
        "unevaluatedProperties", "unevaluatedItems", "multipleOf", "contains",
    ];

    private readonly JsonElement _root;
    private readonly Dictionary<string, RuleNode> _references = [];
    private readonly List<RuleNode> _rules = [];
    private int _depth;

    private JsonSchemaGrammar(JsonElement root) => _root = root;

    /// <exception cref="GrammarException">The text is no schema, or one that cannot be kept.</exception>
    public static GrammarNode Compile(string schema)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(schema);
        }
        catch (JsonException problem)
        {
            throw new GrammarException($"The JSON schema is no JSON: {problem.Message}");
        }

        using (document)
        {
            var grammar = new JsonSchemaGrammar(document.RootElement);
            var node = grammar.Any(document.RootElement);
            RuleNode.Settle(grammar._rules);
            return node.MinBytes < GrammarNode.Endless ? node : throw new GrammarException("No finite value fits the JSON schema.");
        }
    }

    private GrammarNode Any(JsonElement schema)
    {
        if (schema.ValueKind == JsonValueKind.True)
        {
            return JsonText.Value;
        }

        if (schema.ValueKind != JsonValueKind.Object)
        {
            throw new GrammarException($"A JSON schema must be an object or true, not {schema.GetRawText()}.");
        }

        if (Refused.FirstOrDefault(keyword => schema.TryGetProperty(keyword, out _)) is { } refused
            || (schema.TryGetProperty("uniqueItems", out var unique) && unique.ValueKind == JsonValueKind.True && (refused = "uniqueItems") is not null))
        {
            throw new GrammarException($"The JSON schema uses '{refused}', which is not supported.");
        }

        if (++_depth > MaxDepth)
        {
            throw new GrammarException($"The JSON schema is nested more than {MaxDepth} deep.");
        }

        var node = Dispatch(schema);
        _depth--;
        return node;
    }

    private GrammarNode Dispatch(JsonElement schema)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            return Reference(reference.GetString() ?? "");
        }

        if (schema.TryGetProperty("const", out var constant))
        {
            return JsonText.Constant(constant);
        }

        if (schema.TryGetProperty("enum", out var values))
        {
            return new ChoiceNode([.. Items(values, "enum").Select(JsonText.Constant)]);
        }

        foreach (var keyword in new[] { "anyOf", "oneOf" })
        {
            if (schema.TryGetProperty(keyword, out var options))
            {
                return Alone(schema, keyword, new ChoiceNode([.. Items(options, keyword).Select(Any)]));
            }
        }

        if (schema.TryGetProperty("allOf", out var parts))
        {
            return Items(parts, "allOf") is [var part]
                ? Alone(schema, "allOf", Any(part))
                : throw new GrammarException("The JSON schema uses 'allOf' with several schemas, which is not supported.");
        }

        return schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.Array
            ? new ChoiceNode([.. type.EnumerateArray().Select(item => OfType(schema, item.GetString()))])
            : OfType(schema, type.ValueKind == JsonValueKind.String ? type.GetString() : Guess(schema));
    }

    private GrammarNode OfType(JsonElement schema, string? type) => type switch
    {
        null => JsonText.Value,
        "null" => JsonText.Null,
        "boolean" => JsonText.Boolean,
        "integer" or "number" => JsonSchemaScalars.Number(schema, type),
        "string" => JsonSchemaScalars.String(schema),
        "array" => Array(schema),
        "object" => Object(schema),
        _ => throw new GrammarException($"The JSON schema names the type '{type}', which does not exist."),
    };

    private GrammarNode Array(JsonElement schema)
    {
        var (min, max) = (JsonSchemaScalars.Count(schema, "minItems") ?? 0, JsonSchemaScalars.Count(schema, "maxItems"));
        var first = schema.TryGetProperty("prefixItems", out var prefix) ? Items(prefix, "prefixItems").Select(Any).ToList() : [];
        var isClosed = schema.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.False;
        max = isClosed ? Math.Min(first.Count, max ?? int.MaxValue) : max;
        if (max < min || (first.Count > 0 && max < first.Count))
        {
            throw new GrammarException("The JSON schema has an array whose maxItems is below what it must hold.");
        }

        var item = isClosed || items.ValueKind == JsonValueKind.Undefined ? JsonText.Value : Any(items);
        if (first.Count == 0)
        {
            return JsonText.ArrayOf(item, min, max);
        }

        var tail = new RepeatNode(Sequence(Literal(","), JsonText.Space, item), Math.Max(0, min - first.Count), max - first.Count);
        var head = first.SelectMany((node, index) => index == 0 ? [node] : new[] { Literal(","), JsonText.Space, node });
        return JsonText.Enclose("[", new SequenceNode([.. head, tail]), "]");
    }

    private GrammarNode Object(JsonElement schema)
    {
        var required = schema.TryGetProperty("required", out var names) ? Items(names, "required").Select(name => name.GetString() ?? "").ToHashSet() : [];
        var properties = schema.TryGetProperty("properties", out var declared) && declared.ValueKind == JsonValueKind.Object
            ? declared.EnumerateObject().ToList()
            : [];
        var hasExtra = schema.TryGetProperty("additionalProperties", out var additional)
            ? additional.ValueKind != JsonValueKind.False
            : properties.Count == 0 && required.Count == 0;
        var extra = hasExtra && additional.ValueKind == JsonValueKind.Object ? Any(additional) : JsonText.Value;
        if (properties.Count > MaxProperties)
        {
            throw new GrammarException($"The JSON schema declares more than {MaxProperties} properties in one object.");
        }

        var pairs = properties
            .Select(property => (Node: JsonText.Pair(Name(property.Name), Any(property.Value)), IsRequired: required.Remove(property.Name)))
            .ToList();
        pairs.AddRange(required.Select(name => (JsonText.Pair(Name(name), extra), true)));
        return JsonText.Enclose("{", Members(pairs, hasExtra ? JsonText.Pair(JsonText.String, extra) : null), "}");
    }

    /// <summary>Pairs in order, optional ones left out or not, commas only between those that are there.</summary>
    private GrammarNode Members(List<(GrammarNode Node, bool IsRequired)> pairs, GrammarNode? extra)
    {
        var comma = Sequence(Literal(","), JsonText.Space);
        // What can follow when nothing was written yet, and when something was; built from the last pair to the first.
        var first = extra is null ? GrammarNode.Empty : Optional(JsonText.ListOf(extra, 1, null));
        var next = extra is null ? GrammarNode.Empty : new RepeatNode(Sequence(comma, extra), 0, null);
        foreach (var (node, isRequired) in Enumerable.Reverse(pairs))
        {
            var firstWith = Sequence(node, next);
            var nextWith = Sequence(comma, node, next);
            (first, next) = (Rule(isRequired ? firstWith : Choice(firstWith, first)), Rule(isRequired ? nextWith : Choice(nextWith, next)));
        }

        return first;
    }

    private RuleNode Reference(string reference)
    {
        if (_references.TryGetValue(reference, out var known))
        {
            return known;
        }

        var rule = Rule(GrammarNode.Empty);
        _references.Add(reference, rule);
        rule.Body = Any(Resolve(reference));
        return rule;
    }

    // "#/$defs/person": a JSON pointer into the schema itself (RFC 6901).
    private JsonElement Resolve(string reference)
    {
        var target = _root;
        foreach (var part in reference is "#" ? [] : reference.StartsWith("#/", StringComparison.Ordinal) ? reference[2..].Split('/') : [reference])
        {
            var name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (target.ValueKind != JsonValueKind.Object || !target.TryGetProperty(name, out target))
            {
                throw new GrammarException($"The JSON schema refers to '{reference}', which it does not define.");
            }
        }

        return target;
    }

    private RuleNode Rule(GrammarNode body)
    {
        var rule = new RuleNode { Body = body };
        _rules.Add(rule);
        return rule;
    }

    private static GrammarNode Name(string name) => JsonText.Constant(JsonSerializer.SerializeToElement(name, JsonNames.Default.String));

    private static List<JsonElement> Items(JsonElement array, string keyword) =>
        array.ValueKind == JsonValueKind.Array && (array.GetArrayLength() > 0 || keyword is "required" or "prefixItems")
            ? [.. array.EnumerateArray()]
            : throw new GrammarException($"'{keyword}' in the JSON schema must be a list that is not empty.");

    /// <summary>Refuses constraints beside a combination: both would have to hold.</summary>
    private static GrammarNode Alone(JsonElement schema, string keyword, GrammarNode node)
    {
        string[] constraints =
        [
            "properties", "required", "items", "prefixItems", "pattern", "minLength", "maxLength", "minimum", "maximum", "additionalProperties",
        ];
        return constraints.FirstOrDefault(name => schema.TryGetProperty(name, out _)) is { } other
            ? throw new GrammarException($"The JSON schema uses '{other}' beside '{keyword}', which is not supported.")
            : node;
    }

    private static string? Guess(JsonElement schema)
    {
        foreach (var (keyword, type) in new[]
        {
            ("properties", "object"), ("required", "object"), ("additionalProperties", "object"), ("items", "array"), ("prefixItems", "array"),
            ("minItems", "array"), ("maxItems", "array"), ("pattern", "string"), ("minLength", "string"), ("maxLength", "string"),
            ("minimum", "number"), ("maximum", "number"), ("exclusiveMinimum", "number"), ("exclusiveMaximum", "number"),
        })
        {
            if (schema.TryGetProperty(keyword, out _))
            {
                return type;
            }
        }

        return null;
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class JsonNames : System.Text.Json.Serialization.JsonSerializerContext;
