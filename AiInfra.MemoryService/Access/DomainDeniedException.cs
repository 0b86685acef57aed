namespace AiInfra.MemoryService.Access;

/// <summary>A memory was to be written to a domain that the caller's policy does not grant.</summary>
internal sealed class DomainDeniedException(string domain) : Exception($"The domain '{domain}' is not granted.")
{
    public string Domain => domain;
}
