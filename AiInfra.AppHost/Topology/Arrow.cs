namespace AiInfra.AppHost.Topology;

/// <summary>A connection that the architecture allows. What no arrow allows is refused by every published target that can refuse it.</summary>
/// <param name="From">Name of a service, or <see cref="Architecture.Outside"/>.</param>
/// <param name="To">Name of a service, or <see cref="Architecture.Internet"/>.</param>
/// <param name="Port">TCP port of <paramref name="To"/>.</param>
/// <param name="Why">What flows, in a few words.</param>
internal sealed record Arrow(string From, string To, int Port, string Why);
