namespace AiInfra.ServiceDefaults.Listeners;

/// <summary>The listeners a service may have. Each is a port of its own, so that a firewall can tell them apart.</summary>
public static class ListenerNames
{
    /// <summary>The API, for callers. Its address comes from ASP.NET Core's own settings (<c>ASPNETCORE_URLS</c>, <c>HTTP_PORTS</c>).</summary>
    public const string Public = "public";

    /// <summary>Health, metrics, discovery documents and keys, for the platform. <c>Listeners:Internal</c>.</summary>
    public const string Internal = "internal";

    /// <summary>Administration, for operators. <c>Listeners:Admin</c>.</summary>
    public const string Admin = "admin";
}
