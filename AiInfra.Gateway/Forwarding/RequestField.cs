using System.Text.Json;

namespace AiInfra.Gateway.Forwarding;

/// <summary>The top-level fields of a request that the gateway looks at. Each may occur once: vLLM would take the last, a check the first.</summary>
internal enum RequestField
{
    None,
    Model,
    Messages,
    Prompt,
    Input,
    System,
    Instructions,
    Tools,
    Stream,
    MaxTokens,
    MaxCompletionTokens,
    MaxOutputTokens,
    CacheSalt,
    PreviousResponseId,
    Stop,
    ResponseFormat,
    StructuredOutputs,

    // Engine-internal: removed unless the key is granted them.
    Priority,
    KvTransferParams,
    EcTransferParams,
    VllmXargs,
    MmPayload,
    MmProcessorKwargs,
    MediaIoKwargs,
    RequestId,
}

internal static class RequestFields
{
    public static bool IsEngineInternal(RequestField field) => field >= RequestField.Priority;

    /// <summary>True for the fields that may refer to media by URL.</summary>
    public static bool HoldsContent(RequestField field) =>
        field is RequestField.Messages or RequestField.Input or RequestField.System or RequestField.Instructions or RequestField.Prompt;

    /// <summary>The field of the property name that the reader stands on; escapes in the name are seen through.</summary>
    public static RequestField Of(ref Utf8JsonReader reader)
    {
        var length = reader.ValueSpan.Length;
        if (!reader.ValueIsEscaped && length is < 4 or > 21)
        {
            return RequestField.None;
        }

        foreach (var (name, field) in Names)
        {
            if ((length == name.Length || reader.ValueIsEscaped) && reader.ValueTextEquals(name))
            {
                return field;
            }
        }

        return RequestField.None;
    }

    private static readonly (byte[] Name, RequestField Field)[] Names =
    [
        ("model"u8.ToArray(), RequestField.Model),
        ("messages"u8.ToArray(), RequestField.Messages),
        ("stream"u8.ToArray(), RequestField.Stream),
        ("prompt"u8.ToArray(), RequestField.Prompt),
        ("input"u8.ToArray(), RequestField.Input),
        ("system"u8.ToArray(), RequestField.System),
        ("instructions"u8.ToArray(), RequestField.Instructions),
        ("tools"u8.ToArray(), RequestField.Tools),
        ("max_tokens"u8.ToArray(), RequestField.MaxTokens),
        ("max_completion_tokens"u8.ToArray(), RequestField.MaxCompletionTokens),
        ("max_output_tokens"u8.ToArray(), RequestField.MaxOutputTokens),
        ("cache_salt"u8.ToArray(), RequestField.CacheSalt),
        ("previous_response_id"u8.ToArray(), RequestField.PreviousResponseId),
        ("stop"u8.ToArray(), RequestField.Stop),
        ("response_format"u8.ToArray(), RequestField.ResponseFormat),
        ("structured_outputs"u8.ToArray(), RequestField.StructuredOutputs),
        ("priority"u8.ToArray(), RequestField.Priority),
        ("kv_transfer_params"u8.ToArray(), RequestField.KvTransferParams),
        ("ec_transfer_params"u8.ToArray(), RequestField.EcTransferParams),
        ("vllm_xargs"u8.ToArray(), RequestField.VllmXargs),
        ("mm_payload"u8.ToArray(), RequestField.MmPayload),
        ("mm_processor_kwargs"u8.ToArray(), RequestField.MmProcessorKwargs),
        ("media_io_kwargs"u8.ToArray(), RequestField.MediaIoKwargs),
        ("request_id"u8.ToArray(), RequestField.RequestId),
    ];
}
