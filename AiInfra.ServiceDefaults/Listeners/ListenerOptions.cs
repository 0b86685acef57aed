namespace AiInfra.ServiceDefaults.Listeners;

/// <summary>Where one further listener of a service listens: sections <c>Listeners:Internal</c> and <c>Listeners:Admin</c>.</summary>
public sealed class ListenerOptions
{
    /// <summary>TCP port, 1 to 65535. Without it the listener does not exist and its endpoints are served by the public one.</summary>
    public int? Port { get; set; }

    /// <summary>IP address, <c>localhost</c> (default: IPv4 and IPv6 loopback) or <c>*</c> for every interface.</summary>
    public string Address { get; set; } = "localhost";
}
