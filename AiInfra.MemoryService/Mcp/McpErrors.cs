using ModelContextProtocol;

namespace AiInfra.MemoryService.Mcp;

/// <summary>Errors in the dialect of MCP: tool errors that a model can read and act on.</summary>
internal static class McpErrors
{
    public static void ThrowIfBroken(IReadOnlyDictionary<string, string[]> broken)
    {
        if (broken.Count > 0)
        {
            throw new McpException(string.Join(' ', broken.Select(rule => $"{rule.Key}: {string.Join(' ', rule.Value)}")));
        }
    }

    public static McpException NotFound() => new("There is no such memory.");
}
