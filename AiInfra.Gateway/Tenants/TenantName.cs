using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace AiInfra.Gateway.Tenants;

/// <summary>What a tenant may be called: a name is part of keys in Redis and of file names.</summary>
internal static class TenantName
{
    private static readonly SearchValues<char> Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");

    public static bool IsValid([NotNullWhen(true)] string? name) =>
        name is { Length: > 0 and <= 64 } && !name.AsSpan().ContainsAnyExcept(Characters);
}
