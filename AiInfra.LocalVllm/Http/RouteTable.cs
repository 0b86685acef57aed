using System.Diagnostics.CodeAnalysis;

namespace AiInfra.LocalVllm.Http;

/// <summary>
/// Paths and methods to handlers, by FastAPI's rules rather than ASP.NET's: exact case, a trailing slash is another path, HEAD is not GET.
/// A path may hold one <c>{}</c>, which matches one segment.
/// </summary>
internal sealed class RouteTable
{
    private readonly Dictionary<string, Route> _exact = [];
    private readonly List<Route> _patterns = [];

    public IEnumerable<Route> Routes => _exact.Values.Concat(_patterns);

    public void Map(string method, string path, RequestDelegate handler)
    {
        var patterned = path.Contains("{}", StringComparison.Ordinal);
        var route = patterned ? _patterns.Find(known => known.Path == path) : _exact.GetValueOrDefault(path);
        if (route is null)
        {
            route = new Route(path);
            if (patterned)
            {
                _patterns.Add(route);
            }
            else
            {
                _exact[path] = route;
            }
        }

        route.Methods[method] = handler;
    }

    public bool TryFind(string path, [NotNullWhen(true)] out Route? route, out string? segment)
    {
        segment = null;
        if (_exact.TryGetValue(path, out route))
        {
            return true;
        }

        foreach (var candidate in _patterns)
        {
            if (candidate.Match(path) is { } found)
            {
                (route, segment) = (candidate, found);
                return true;
            }
        }

        return false;
    }

    internal sealed class Route(string path)
    {
        private readonly string[] _parts = path.Split("{}");

        public string Path => path;

        public SortedDictionary<string, RequestDelegate> Methods { get; } = [];

        public string? Match(string candidate)
        {
            if (_parts.Length != 2
                || candidate.Length <= _parts[0].Length + _parts[1].Length
                || !candidate.StartsWith(_parts[0], StringComparison.Ordinal)
                || !candidate.EndsWith(_parts[1], StringComparison.Ordinal))
            {
                return null;
            }

            var segment = candidate[_parts[0].Length..^_parts[1].Length];
            return segment.Contains('/') ? null : segment;
        }
    }
}
