namespace AiInfra.MemoryService.Extraction;

/// <summary>A message was deleted or changed while a model was asked about it.</summary>
internal sealed class SourceGoneException : Exception;
