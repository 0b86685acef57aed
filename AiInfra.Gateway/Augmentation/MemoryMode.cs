namespace AiInfra.Gateway.Augmentation;

/// <summary>What a chat call does with memories.</summary>
[Flags]
internal enum MemoryMode
{
    None = 0,

    /// <summary>Relevant memories are added to the prompt.</summary>
    Read = 1,

    /// <summary>The user's words are stored.</summary>
    Write = 2,
}

internal static class MemoryModes
{
    /// <summary>Asks for memories on one call: <c>read</c>, <c>write</c>, <c>readwrite</c>, or <c>none</c> against the key's policy.</summary>
    public const string Header = "x-aiinfra-memory";

    /// <summary>With <c>true</c>, and memory mode write, the model's answer is stored too.</summary>
    public const string AnswersHeader = "x-aiinfra-memory-answers";

    public static bool TryParse(string? text, out MemoryMode mode)
    {
        mode = text switch
        {
            "read" => MemoryMode.Read,
            "write" => MemoryMode.Write,
            "readwrite" => MemoryMode.Read | MemoryMode.Write,
            _ => MemoryMode.None,
        };
        return mode != MemoryMode.None || text is "none" or "";
    }
}
