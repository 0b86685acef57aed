using System.Text.Json;

namespace AiInfra.LocalVllm.Http;

/// <summary>A request that is answered with an error; the endpoint's dialect decides how it is written.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="type">vLLM's word for the kind, such as <c>BadRequestError</c>.</param>
/// <param name="message">For the caller.</param>
/// <param name="param">The field at fault, or null.</param>
internal sealed class ApiError(int status, string type, string message, string? param) : Exception(message)
{
    public int Status { get; } = status;

    public string Type { get; } = type;

    public string? Param { get; } = param;

    /// <summary>Set for errors found while the body was read: they have OpenAI's shape in every dialect.</summary>
    public bool FromBody { get; init; }

    public static ApiError BadRequest(string message, string? param) => new(400, "BadRequestError", message, param);

    public static ApiError NotFound(string message, string? param) => new(404, "NotFoundError", message, param);

    public static ApiError Internal(string message) => new(500, "InternalServerError", message, null);

    /// <summary>OpenAI's object, with vLLM's integer <c>code</c>.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", Message);
        json.WriteString("type", Type);
        json.WriteString("param", Param);
        json.WriteNumber("code", Status);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Anthropic's object, of <c>/v1/messages</c>.</summary>
    public void WriteAnthropic(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "error");
        json.WriteStartObject("error");
        json.WriteString("type", Type);
        json.WriteString("message", Message);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
