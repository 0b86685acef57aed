namespace AiInfra.ServiceDefaults.StrictHttp;

/// <summary>
/// Which host names and browser origins a service answers to: section <c>Hosts</c>. A page on the web can make a browser send
/// requests to <c>127.0.0.1</c> under a name of its own (DNS rebinding); the name in <c>Host</c> gives it away.
/// </summary>
public sealed class AllowedHostsOptions
{
    public const string Section = "Hosts";

    /// <summary>
    /// Host names without port, beside <c>localhost</c> and IP addresses, which always pass. Empty (default): connections that
    /// come in over loopback pass with those alone, others with any name. Not empty: every connection is held to the list.
    /// </summary>
    public IList<string> Allowed { get; } = [];

    /// <summary>Origins (<c>https://host:port</c>) whose pages may call from a browser, beside loopback origins. Default: none.</summary>
    public IList<string> Origins { get; } = [];
}
