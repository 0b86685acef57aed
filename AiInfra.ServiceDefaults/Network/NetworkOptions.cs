using Microsoft.Extensions.Options;

namespace AiInfra.ServiceDefaults.Network;

/// <summary>How a service treats its connections: section <c>Network</c>.</summary>
public sealed class NetworkOptions
{
    public const string Section = "Network";

    /// <summary>
    /// True compresses JSON answers for clients that accept it (Brotli, gzip). Streams are never compressed: a compressor holds frames
    /// back. Default false: on a local network it costs more processor time than it saves. Worth it for clients far away.
    /// </summary>
    public bool CompressAnswers { get; set; }

    /// <summary>How long a client may take to send the headers of a request, 1 second to 5 minutes. Default 10 seconds.</summary>
    public TimeSpan RequestHeadersTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long an idle connection is kept, 1 second to 1 hour. Default 130 seconds: longer than clients and load balancers keep theirs
    /// (60 to 120), so that they never send on a connection that is being closed here.
    /// </summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>Connections at a time, 1 to 1,000,000; beyond it new ones are closed. Default 10,000.</summary>
    public int MaxConnections { get; set; } = 10_000;
}

internal sealed class NetworkOptionsValidator : IValidateOptions<NetworkOptions>
{
    public ValidateOptionsResult Validate(string? name, NetworkOptions options)
    {
        var problems = new List<string>();
        Check(options.RequestHeadersTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5), "Network:RequestHeadersTimeout must be between 1 second and 5 minutes.");
        Check(options.KeepAliveTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), "Network:KeepAliveTimeout must be between 1 second and 1 hour.");
        Check(options.MaxConnections, 1, 1_000_000, "Network:MaxConnections must be between 1 and 1,000,000.");
        return problems.Count > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;

        void Check<T>(T value, T least, T most, string message)
            where T : IComparable<T>
        {
            if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
            {
                problems.Add(message);
            }
        }
    }
}
