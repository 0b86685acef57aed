using Microsoft.AspNetCore.Http;

namespace AiInfra.ServiceDefaults.Listeners;

/// <summary>Tells by its local port which listener a connection came in on. Headers play no part: a caller writes those.</summary>
public sealed class ListenerTable
{
    private readonly Dictionary<int, string> _names;

    internal ListenerTable(IReadOnlyDictionary<string, ListenerOptions> listeners)
    {
        _names = [];
        foreach (var (name, options) in listeners)
        {
            if (options.Port is not { } port)
            {
                continue;
            }

            if (port is < 1 or > 65535)
            {
                throw new InvalidOperationException($"Listeners:{name}:Port is {port}: a port is a number from 1 to 65535.");
            }

            if (!_names.TryAdd(port, name))
            {
                throw new InvalidOperationException($"Listeners:{name}:Port and Listeners:{_names[port]}:Port are both {port}.");
            }
        }
    }

    /// <summary>True when the listener has a port of its own.</summary>
    public bool Has(string name) => _names.ContainsValue(name);

    /// <summary>The name of the listener that accepted this request's connection.</summary>
    public string Of(HttpContext context) => _names.GetValueOrDefault(context.Connection.LocalPort, ListenerNames.Public);
}
