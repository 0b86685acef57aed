using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Telemetry;

/// <summary>When the certificates expire that Kestrel serves (<c>Kestrel:Certificates</c>, <c>Kestrel:Endpoints</c>) and those of <see cref="ExpiryOptions"/>.</summary>
/// <remarks>A file is read again when it changes: a renewal is seen without a restart.</remarks>
internal sealed partial class CertificateDates(IConfiguration configuration, IOptions<ExpiryOptions> options, ILogger<CertificateDates> logger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (DateTime Written, DateTimeOffset? End)> _read = [];

    /// <summary>Name of the file and end of its certificate; files that cannot be read are left out, and named in the log once.</summary>
    public IReadOnlyList<(string Name, DateTimeOffset End)> All()
    {
        lock (_lock)
        {
            return [.. Files().DistinctBy(file => file.Path)
                .Select(file => (Name: Path.GetFileName(file.Path), End: EndOf(file.Path, file.Password)))
                .Where(file => file.End is not null)
                // Two folders may hold a file of one name: the one that ends first is the one to know of.
                .GroupBy(file => file.Name).Select(files => (files.Key, files.Min(file => file.End!.Value)))];
        }
    }

    private IEnumerable<(string Path, string? Password)> Files() =>
        configuration.GetSection("Kestrel:Certificates").GetChildren()
            .Concat(configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint.GetSection("Certificate")))
            .Where(certificate => certificate["Path"] is { Length: > 0 })
            .Select(certificate => (certificate["Path"]!, certificate["Password"]))
            .Concat(options.Value.Certificates.Select(path => (path, (string?)null)));

    private DateTimeOffset? EndOf(string path, string? password)
    {
        var written = File.GetLastWriteTimeUtc(path);
        if (_read.TryGetValue(path, out var known) && known.Written == written)
        {
            return known.End;
        }

        DateTimeOffset? end = null;
        try
        {
            using var certificate = password is null ? X509CertificateLoader.LoadCertificateFromFile(path) : X509CertificateLoader.LoadPkcs12FromFile(path, password);
            end = certificate.NotAfter.ToUniversalTime();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or CryptographicException)
        {
            NotRead(logger, path, problem.GetType().Name);
        }

        _read[path] = (written, end);
        return end;
    }

    [LoggerMessage(LogLevel.Warning, "The certificate {Path} cannot be read, its end is not watched: {Problem}")]
    private static partial void NotRead(ILogger logger, string path, string problem);
}
