namespace AiInfra.Gateway.Endpoints;

/// <summary>A refusal, independent of the dialect it is written in.</summary>
/// <param name="Status">HTTP status, 400 to 599.</param>
/// <param name="Type">OpenAI's error type, for example <c>invalid_request_error</c>.</param>
/// <param name="Code">OpenAI's machine-readable code, or null.</param>
/// <param name="Message">For the caller: never exception text.</param>
/// <param name="Param">The field that is wrong, or null.</param>
internal sealed record ApiError(int Status, string Type, string? Code, string Message, string? Param = null)
{
    /// <summary>When to come back (<c>Retry-After</c>), in whole seconds, or null.</summary>
    public int? RetryAfterSeconds { get; init; }

    public static ApiError InvalidRequest(string message, string? param = null, string? code = null) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", code, message, param);

    public static ApiError InvalidKey { get; } =
        new(StatusCodes.Status401Unauthorized, "invalid_request_error", "invalid_api_key", "A valid API key is required: Authorization: Bearer sk-…");

    public static ApiError UnknownUrl { get; } =
        new(StatusCodes.Status404NotFound, "invalid_request_error", "unknown_url", "This URL is not part of the API.");

    public static ApiError WrongMethod { get; } =
        new(StatusCodes.Status405MethodNotAllowed, "invalid_request_error", "method_not_supported", "This URL does not support the method.");

    public static ApiError TooLarge(long limitBytes) =>
        new(StatusCodes.Status413PayloadTooLarge, "invalid_request_error", "request_too_large", $"The request body is larger than {limitBytes} bytes.");

    public static ApiError UnknownModel(string model) =>
        new(StatusCodes.Status404NotFound, "invalid_request_error", "model_not_found", $"The model '{model}' does not exist or is not available to you.", "model");

    public static ApiError UnknownResponse(string id) =>
        new(StatusCodes.Status404NotFound, "invalid_request_error", "not_found", $"The response '{id}' does not exist.", "previous_response_id");

    public static ApiError Poison { get; } =
        new(StatusCodes.Status422UnprocessableEntity, "invalid_request_error", "request_stops_engines", "Two model servers stopped while this request ran on them: it is not tried again for ten minutes.");

    public static ApiError Overloaded(int retryAfterSeconds) =>
        new(StatusCodes.Status429TooManyRequests, "rate_limit_exceeded", "overloaded", "Too many requests are waiting for the model.") { RetryAfterSeconds = retryAfterSeconds };

    public static ApiError NoReplica { get; } =
        new(StatusCodes.Status503ServiceUnavailable, "server_error", "no_replica_available", "No replica of the model can answer at the moment.") { RetryAfterSeconds = 2 };

    public static ApiError MemoryAway { get; } =
        new(StatusCodes.Status503ServiceUnavailable, "server_error", "memory_unavailable", "The memory service cannot be reached at the moment.") { RetryAfterSeconds = 2 };

    public static ApiError UpstreamBroken { get; } =
        new(StatusCodes.Status502BadGateway, "server_error", "upstream_failed", "The model server broke off before the answer was complete.");

    public static ApiError UpstreamTimeout { get; } =
        new(StatusCodes.Status504GatewayTimeout, "server_error", "upstream_timeout", "The model server did not answer in time.");

    public static ApiError Internal { get; } =
        new(StatusCodes.Status500InternalServerError, "server_error", "internal_error", "The gateway failed to handle the request.");
}
