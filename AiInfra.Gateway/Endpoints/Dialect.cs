namespace AiInfra.Gateway.Endpoints;

/// <summary>In whose words an endpoint reports errors.</summary>
internal enum Dialect
{
    /// <summary><c>{"error":{"message","type","param","code"}}</c></summary>
    OpenAi,

    /// <summary>OpenAI's object; inside a stream <c>{"type":"error","code","message","param"}</c>.</summary>
    Responses,

    /// <summary><c>{"type":"error","error":{"type","message"}}</c></summary>
    Anthropic,

    /// <summary>RFC 9457 problem details.</summary>
    Problem,
}
