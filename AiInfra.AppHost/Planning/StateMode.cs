namespace AiInfra.AppHost.Planning;

/// <summary>How many recurrent states vLLM keeps for a request.</summary>
internal enum StateMode
{
    /// <summary>One: prefix caching is off.</summary>
    None,

    /// <summary>Two: the running state and the last at a block's end.</summary>
    Align,

    /// <summary>One at every block of the length.</summary>
    All,
}
