using System.Text.Json;

namespace AiInfra.Tests.LocalVllm;

/// <summary>
/// Compares a reply with a recorded one field by field: status, header names, names and types of fields, enumerated values, the sequence of frames.
/// Texts, ids, times and the values of numbers are not compared.
/// </summary>
internal static class ReplyComparison
{
    // Fields whose text is one of a fixed set, or repeats the request.
    private static readonly HashSet<string> Enumerated =
    [
        "object", "type", "role", "finish_reason", "stop_reason", "status", "param", "truncation", "tool_choice", "service_tier", "owned_by", "organization", "output_mode",
        "model", "reason", "publisher", "topic", "error", "detail", "version", "tokenizer_class", "stop_sequence",
    ];

    // Lists whose length follows from the request.
    private static readonly HashSet<string> Counted = ["choices", "data", "results", "output", "tools", "tool_calls", "permission"];

    // Objects whose names are tokens.
    private static readonly HashSet<string> Maps = ["top_logprobs", "prompt_logprobs", "added_tokens_decoder", "vllm_env", "system_env", "paths", "schemas"];

    /// <returns>What differs, as <c>place: recorded | ours</c>.</returns>
    public static IReadOnlyList<string> Differences(RecordedExchange recorded, RawReply? reply)
    {
        if (reply is null)
        {
            return ["reply: one was recorded | none"];
        }

        var found = new List<string>();
        if (recorded.Status != reply.Status)
        {
            found.Add($"status: {recorded.Status} | {reply.Status}");
        }

        if (recorded.ReplyHeaders is { } headers)
        {
            var ours = reply.Headers.Select(header => header.Name).Distinct().Order(StringComparer.Ordinal).ToArray();
            if (!headers.SequenceEqual(ours))
            {
                found.Add($"headers: {string.Join(' ', headers.Except(ours).Select(name => "-" + name).Concat(ours.Except(headers).Select(name => "+" + name)))}");
            }

            if (recorded.ContentType != reply.Header("content-type"))
            {
                found.Add($"content-type: {recorded.ContentType} | {reply.Header("content-type")}");
            }

            if (recorded.Location != reply.Header("location"))
            {
                found.Add($"location: {recorded.Location} | {reply.Header("location")}");
            }
        }

        if (recorded.Frames is { } frames)
        {
            CompareFrames(frames, reply, found);
        }
        else
        {
            CompareBody(recorded, reply, found);
        }

        return found;
    }

    private static void CompareBody(RecordedExchange recorded, RawReply reply, List<string> found)
    {
        if (recorded.Json is { } json)
        {
            if (Parse(reply.Text) is { } ours)
            {
                Compare(json, ours, "", "", found);
            }
            else
            {
                found.Add($"body: JSON | {reply.Text[..Math.Min(60, reply.Text.Length)]}");
            }
        }
        else if (recorded.TextStart is { Length: > 0 } start && !start.StartsWith("# HELP", StringComparison.Ordinal) && !start.Contains('<') && !reply.Text.StartsWith(start, StringComparison.Ordinal))
        {
            found.Add($"body: {start} | {reply.Text[..Math.Min(60, reply.Text.Length)]}");
        }
        else if (recorded.Text is { Length: < 60 } text && text != reply.Text && !text.Contains('<'))
        {
            found.Add($"body: {text} | {reply.Text[..Math.Min(60, reply.Text.Length)]}");
        }
    }

    private static void CompareFrames(RecordedFrame[] frames, RawReply reply, List<string> found)
    {
        var ours = (reply.Chunks ?? []).Select(Frame).ToList();
        if (ours.Count == 0 && frames.Length > 0)
        {
            found.Add($"frames: {frames.Length} | none: {reply.Text[..Math.Min(80, reply.Text.Length)]}");
            return;
        }

        // A run of like frames counts as one on both sides: how many tokens an answer has is the model's.
        var position = 0;
        for (var i = 0; i < frames.Length; i++)
        {
            if (position >= ours.Count)
            {
                found.Add($"frames[{i}]: {Shape(frames[i])} | the end");
                return;
            }

            var differences = new List<string>();
            CompareFrame(frames[i], ours[position], $"frames[{i}]", differences);
            if (differences.Count > 0)
            {
                found.AddRange(differences);
                return;
            }

            position++;
            while (position < ours.Count && (i + 1 == frames.Length || Differs(frames[i + 1], ours[position])) && !Differs(frames[i], ours[position]))
            {
                position++;
            }
        }

        if (position < ours.Count)
        {
            found.Add($"frames: the end | {Shape(ours[position])}");
        }
    }

    private static bool Differs(RecordedFrame recorded, RecordedFrame ours)
    {
        var differences = new List<string>();
        CompareFrame(recorded, ours, "frames", differences);
        return differences.Count > 0;
    }

    private static void CompareFrame(RecordedFrame recorded, RecordedFrame ours, string place, List<string> found)
    {
        if (recorded.Event != ours.Event || recorded.Comment != ours.Comment || recorded.Done != ours.Done || recorded.Bytes != ours.Bytes || recorded.Json.HasValue != ours.Json.HasValue)
        {
            found.Add($"{place}: {Shape(recorded)} | {Shape(ours)}");
        }
        else if (recorded.Json is { } json)
        {
            Compare(json, ours.Json!.Value, place, "", found);
        }
    }

    private static string Shape(RecordedFrame frame) => frame.Done ? "[DONE]" : frame.Comment is not null ? ": " + frame.Comment : $"{frame.Event} {frame.Json}";

    private static RecordedFrame Frame(string chunk)
    {
        var text = chunk.TrimEnd('\n');
        string? name = null;
        if (text.StartsWith("event: ", StringComparison.Ordinal))
        {
            name = text[7..text.IndexOf('\n')];
            text = text[(text.IndexOf('\n') + 1)..];
        }

        return text switch
        {
            "data: [DONE]" => new RecordedFrame(null, null, null, true, 0),
            _ when text.StartsWith(": ", StringComparison.Ordinal) => new RecordedFrame(null, null, text[2..], false, 0),
            _ when text.StartsWith("data: ", StringComparison.Ordinal) && Parse(text[6..]) is { } json => new RecordedFrame(name, json, null, false, 0),
            _ => new RecordedFrame(null, null, null, false, 1),
        };
    }

    private static void Compare(JsonElement recorded, JsonElement ours, string place, string name, List<string> found)
    {
        var (left, right) = (Kind(recorded), Kind(ours));
        if (left != right)
        {
            found.Add($"{place}: {left} {Short(recorded)} | {right} {Short(ours)}");
            return;
        }

        switch (recorded.ValueKind)
        {
            case JsonValueKind.Object:
                CompareObjects(recorded, ours, place, name, found);
                break;
            case JsonValueKind.Array:
                CompareArrays(recorded, ours, place, name, found);
                break;
            case JsonValueKind.String when Enumerated.Contains(name) && recorded.GetString() != ours.GetString():
            case JsonValueKind.True or JsonValueKind.False when recorded.ValueKind != ours.ValueKind:
            case JsonValueKind.Number when (name is "code" or "max_model_len" || (name == "index" && !place.StartsWith("frames", StringComparison.Ordinal))) && recorded.GetRawText() != ours.GetRawText():
                found.Add($"{place}: {Short(recorded)} | {Short(ours)}");
                break;
        }
    }

    private static void CompareObjects(JsonElement recorded, JsonElement ours, string place, string name, List<string> found)
    {
        if (Maps.Contains(name))
        {
            using var left = recorded.EnumerateObject();
            using var right = ours.EnumerateObject();
            if (left.MoveNext() && right.MoveNext())
            {
                Compare(left.Current.Value, right.Current.Value, place + ".*", "", found);
            }

            return;
        }

        foreach (var property in recorded.EnumerateObject())
        {
            if (ours.TryGetProperty(property.Name, out var value))
            {
                Compare(property.Value, value, $"{place}.{property.Name}", property.Name, found);
            }
            else
            {
                found.Add($"{place}.{property.Name}: {Short(property.Value)} | missing");
            }
        }

        foreach (var property in ours.EnumerateObject().Where(property => !recorded.TryGetProperty(property.Name, out _)))
        {
            found.Add($"{place}.{property.Name}: missing | {Short(property.Value)}");
        }
    }

    private static void CompareArrays(JsonElement recorded, JsonElement ours, string place, string name, List<string> found)
    {
        var (left, right) = (recorded.GetArrayLength(), ours.GetArrayLength());
        var counted = Counted.Contains(name) && (left == 0 || recorded[0].ValueKind != JsonValueKind.Number);
        if (counted && left != right)
        {
            found.Add($"{place}: {left} items | {right} items");
            return;
        }

        // Elsewhere the count is the model's, but empty and not empty differ.
        if (left == 0 != (right == 0))
        {
            found.Add($"{place}: {left} items | {right} items");
            return;
        }

        for (var i = 0; i < Math.Min(left, right); i++)
        {
            Compare(recorded[i], ours[i], $"{place}[{i}]", Counted.Contains(name) ? "" : name, found);
        }
    }

    private static string Kind(JsonElement element) => element.ValueKind is JsonValueKind.True or JsonValueKind.False ? "Boolean" : element.ValueKind.ToString();

    private static string Short(JsonElement element)
    {
        var text = element.GetRawText();
        return text.Length <= 60 ? text : text[..60] + "…";
    }

    private static JsonElement? Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
