using System.Data.Common;

namespace AiInfra.MemoryService.Chroma;

/// <summary>Where Chroma is and how it is used: section <c>Chroma</c>, then the connection string, which wins.</summary>
public sealed class ChromaClientSettings
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Chroma";

    /// <summary>Address of the server, for example <c>http://localhost:8000</c>. Without one the service works without Chroma.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>How long one call may take. Default 60 seconds: the first call after a start may wait for the server to read its log.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a health check waits for an answer. Default 2 seconds.</summary>
    public TimeSpan HealthCheckTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>No health check is registered. Default false.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>
    /// Changes of a collection before the server writes its index files, 2 to 100,000,000. Default 20,000. A kill during that write can
    /// break the collection (2 in 87 at 1,000), so it should be rare; each change since then is replayed at a start (about 2,200/s).
    /// </summary>
    public int SyncThreshold { get; set; } = 20_000;

    /// <summary>Reads <c>Endpoint=http://host:port</c>, the form that the Aspire integration hands out, or a bare address.</summary>
    /// <exception cref="InvalidOperationException">It is neither.</exception>
    internal void ParseConnectionString(string connectionName, string connectionString)
    {
        var address = connectionString;
        if (!Uri.TryCreate(connectionString, UriKind.Absolute, out _))
        {
            var parts = new DbConnectionStringBuilder { ConnectionString = connectionString };
            address = parts.TryGetValue("Endpoint", out var endpoint) ? endpoint.ToString() : "";
        }

        Endpoint = Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new InvalidOperationException($"ConnectionStrings:{connectionName} has no Endpoint=http://host:port.");
    }

    internal void Validate()
    {
        if (SyncThreshold is < 2 or > 100_000_000)
        {
            throw new InvalidOperationException($"{Section}:SyncThreshold is {SyncThreshold}: it must be between 2 and 100,000,000.");
        }
    }
}
