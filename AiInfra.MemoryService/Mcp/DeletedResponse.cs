namespace AiInfra.MemoryService.Mcp;

internal sealed record DeletedResponse(string DeletedId);
