using System.Text;
using System.Text.Json;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.LocalVllm;

/// <summary>One exchange with a real vLLM 0.32.0, cut to what is compared (see Recordings/README.md).</summary>
internal sealed record RecordedExchange
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNameCaseInsensitive = true };

    public required string Name { get; init; }

    /// <summary>The letter of the server's settings, as in <see cref="RecordedServers"/>.</summary>
    public required string Server { get; init; }

    public string? Raw { get; init; }

    public string Method { get; init; } = "GET";

    public string Path { get; init; } = "/";

    public string[][]? Headers { get; init; }

    public int HeaderCount { get; init; }

    public string? Body { get; init; }

    public string? BodyBase64 { get; init; }

    /// <summary>A body too long to keep: its length, and its beginning.</summary>
    public int BodyBytes { get; init; }

    public string BodyStart { get; init; } = "";

    public int Status { get; init; }

    /// <summary>Lower case; null where only the body was kept.</summary>
    public string[]? ReplyHeaders { get; init; }

    public string? ContentType { get; init; }

    public string? Location { get; init; }

    /// <summary>The reply's body: JSON, or text, or the beginning of a text.</summary>
    public JsonElement? Json { get; init; }

    public string? Text { get; init; }

    public string? TextStart { get; init; }

    /// <summary>The id of what was created, which later requests name.</summary>
    public string? Id { get; init; }

    /// <summary>Frames of a chunked reply; of like ones in a row only the first.</summary>
    public RecordedFrame[]? Frames { get; init; }

    public bool Terminated { get; init; } = true;

    public static string Folder => System.IO.Path.Combine(RepositoryPaths.Root, "AiInfra.Tests", "LocalVllm", "Recordings");

    public static IReadOnlyList<RecordedExchange> All() =>
        JsonSerializer.Deserialize<RecordedExchange[]>(File.ReadAllBytes(System.IO.Path.Combine(Folder, "exchanges.json")), Options)!;

    /// <summary>The request's bytes as they went over the wire.</summary>
    /// <param name="ids">Recorded ids and those that stand for them now.</param>
    public byte[] Request(IReadOnlyDictionary<string, string> ids)
    {
        if (Raw is not null)
        {
            return Encoding.Latin1.GetBytes(Raw.Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal));
        }

        var body = BodyBase64 is not null ? Convert.FromBase64String(BodyBase64) : Encoding.UTF8.GetBytes(Substitute(BodyBytes > 0 ? LongBody() : Body ?? "", ids));
        var head = new StringBuilder($"{Method} {Substitute(Path, ids).Replace("a*70000", new string('a', 70_000), StringComparison.Ordinal)} HTTP/1.1\r\nHost: vllm:8000\r\nUser-Agent: golden/1\r\nAccept: */*\r\n");
        foreach (var header in Headers ?? [])
        {
            head.Append($"{header[0]}: {Expand(header[1])}\r\n");
        }

        for (var i = 0; i < HeaderCount; i++)
        {
            head.Append($"X-Count-{i}: {i}\r\n");
        }

        if ((body.Length > 0 || Body is not null) && Headers?.Any(header => header[0] == "Content-Type") != true)
        {
            head.Append("Content-Type: application/json\r\n");
        }

        if (body.Length > 0 || Method == "POST")
        {
            head.Append($"Content-Length: {body.Length}\r\n");
        }

        return [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. body];
    }

    private static string Substitute(string text, IReadOnlyDictionary<string, string> ids)
    {
        foreach (var (recorded, now) in ids)
        {
            text = text.Replace(recorded, now, StringComparison.Ordinal);
        }

        return text;
    }

    // "a*66000" stands for so many letters.
    private static string Expand(string value) =>
        value.Length > 2 && value[1] == '*' && int.TryParse(value[2..], out var count) ? new string(value[0], count) : value;

    private string LongBody()
    {
        var chat = "{\"model\": \"smollm2\", \"messages\": [{\"role\": \"user\", \"content\": \"";
        var (start, unit, end) = Name switch
        {
            "http/big_4MB_valid_body_metadata" => ("{\"model\": \"smollm2\", \"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"max_tokens\": 2, \"temperature\": 0, \"metadata\": {\"x\": \"", "a", "\"}}"),
            "misc/huge_body_8MB" => (chat, "a", "\"}], \"max_tokens\": 4}"),
            "misc/huge_body_token_ids_completions" => ("{\"model\": \"smollm2\", \"max_tokens\": 2, \"prompt\": [504", ", 504", "]}"),
            "errors/prompt_too_long_completions" => ("{\"model\": \"smollm2\", \"prompt\": \"word", " word", "\"}"),
            "messages/prompt_too_long" => ("{\"model\": \"smollm2\", \"max_tokens\": 3, \"messages\": [{\"role\": \"user\", \"content\": \"word", " word", "\"}]}"),
            "tokenize/longer_than_context" => ("{\"prompt\": \"word", " word", "\"}"),
            "errors/truncate_prompt_tokens" => (chat + "word", " word", "\"}], \"max_tokens\": 4, \"temperature\": 0, \"truncate_prompt_tokens\": 100}"),
            "chat-stream/stream_error_too_long" => (chat + "word", " word", "\"}], \"max_tokens\": 4, \"temperature\": 0, \"stream\": true}"),
            _ => (chat + "word", " word", "\"}], \"max_tokens\": 4, \"temperature\": 0}"),
        };
        return new StringBuilder(start, BodyBytes).Insert(start.Length, unit, (BodyBytes - start.Length - end.Length) / unit.Length).Append(end).ToString();
    }
}

/// <summary>One frame: an event's name and data, a comment, the end, or bytes.</summary>
internal sealed record RecordedFrame(string? Event, JsonElement? Json, string? Comment, bool Done, int Bytes);
