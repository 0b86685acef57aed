using System.Globalization;

namespace AiInfra.MemoryService.Memories;

/// <summary>A memory's version as an entity tag (RFC 9110, 8.8.3).</summary>
internal static class ETags
{
    public static string Of(MemoryRecord memory) => $"\"{memory.Version}\"";

    /// <param name="ifMatch">The header, or null.</param>
    /// <param name="version">The version it names; null when any will do.</param>
    /// <returns>False when it names something that is no version of ours, and so matches nothing.</returns>
    public static bool TryRead(string? ifMatch, out int? version)
    {
        version = null;
        if (ifMatch is null or "*")
        {
            return true;
        }

        if (int.TryParse(ifMatch.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            version = number;
            return true;
        }

        return false;
    }
}
