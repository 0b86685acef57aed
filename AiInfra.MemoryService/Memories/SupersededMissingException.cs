namespace AiInfra.MemoryService.Memories;

/// <summary>A new memory names an older one that it replaces, which is not in the caller's scope.</summary>
internal sealed class SupersededMissingException(string id) : Exception($"There is no memory {id} to supersede.");
