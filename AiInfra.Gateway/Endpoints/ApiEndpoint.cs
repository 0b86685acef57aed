using AiInfra.Gateway.Tenants;

namespace AiInfra.Gateway.Endpoints;

/// <summary>Answers one request of an authenticated caller.</summary>
internal delegate Task ApiHandler(HttpContext context, ApiEndpoint endpoint, Caller caller);

/// <summary>One row of the public API: what is not such a row does not exist.</summary>
/// <param name="Path">The exact path, or with <paramref name="IsPrefix"/> its beginning up to and including the last slash.</param>
/// <param name="Methods">The HTTP methods that are answered.</param>
/// <param name="Dialect">How errors are written.</param>
/// <param name="Handler">Who answers.</param>
/// <param name="IsPrefix">True when a further part of the path follows, for example an id.</param>
internal sealed record ApiEndpoint(string Path, string[] Methods, Dialect Dialect, ApiHandler Handler, bool IsPrefix = false);
