using ModelContextProtocol;

namespace AiInfra.MemoryService.Mcp;

/// <summary>Broken rules in the dialect of MCP: a tool error that a model can read and act on.</summary>
internal static class McpErrors
{
    public static void ThrowIfBroken(IReadOnlyDictionary<string, string[]> broken)
    {
        if (broken.Count > 0)
        {
            throw new McpException(string.Join(' ', broken.Select(rule => $"{rule.Key}: {string.Join(' ', rule.Value)}")));
        }
    }
}
