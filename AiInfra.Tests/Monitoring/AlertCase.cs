namespace AiInfra.Tests.Monitoring;

/// <summary>A story of series under which an alert fires, and one much like it under which it must not.</summary>
/// <param name="Alert">The alert's name.</param>
/// <param name="Minutes">When both stories are judged, in minutes from their beginning.</param>
/// <param name="Firing">Series with values in promtool's notation, <c>series = values</c>.</param>
/// <param name="Silent">The same for the silent story.</param>
internal sealed record AlertCase(string Alert, int Minutes, string[] Firing, string[] Silent);
