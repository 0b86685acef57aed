using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Policies;

namespace AiInfra.Gateway.Tenants;

/// <summary>Finds out who calls, whether it may call this at all, and for whom.</summary>
internal sealed class Callers(ApiKeys keys, TokenCallers tokens, PolicyStore policies, IdentityWorker identity, LimitService limits, Audit audit)
{
    /// <summary>With this header, and the policy's leave, an application names the end user whom it serves.</summary>
    public const string UserHeader = "x-aiinfra-user";

    private const int MaxUserLength = 128;

    public async ValueTask<CallerAnswer> FindAsync(HttpContext context)
    {
        var found = Find(context.Request.Headers, out var mayBeToken);
        var caller = found?.Caller ?? (mayBeToken ? await tokens.FindAsync(context) : null);
        if (caller is null)
        {
            return new(null, identity.IsReady ? ApiError.InvalidKey : AccessErrors.StoreAway);
        }

        string? endUser = null;
        if (context.Request.Headers.TryGetValue(UserHeader, out var named))
        {
            endUser = named.Count == 1 ? named[0] : null;
            if (endUser is not { Length: > 0 and <= MaxUserLength } || endUser.AsSpan().ContainsAnyExceptInRange('!', '~'))
            {
                return new(null, ApiError.InvalidRequest($"{UserHeader} must be one name of 1 to {MaxUserLength} printable characters without blanks."));
            }
        }

        var set = policies.Current;
        var path = context.Request.Path.Value ?? "";
        var decision = set.Decide(caller, path, null, MemoryActionOf(context.Request.Method, path), endUser);
        if (!decision.Allowed)
        {
            audit.Denied(caller, $"{context.Request.Method} {path}", decision);
            return new(null, AccessErrors.Denied(decision));
        }

        var policy = set.PolicyOf(caller)!;
        // While Redis is away nobody can tell whether a key was revoked.
        if (found is { IsIssued: true } && limits.StoreIsAway && !policy.ServesWithoutStore)
        {
            return new(null, AccessErrors.StoreAway);
        }

        return new(
            caller with
            {
                User = endUser ?? caller.User,
                MemoryScopes = policy.MemoryScopes,
                MemoryDomains = policy.MemoryDomains,
                Priority = caller.Priority != 0 ? caller.Priority : policy.Options.Priority,
            },
            null);
    }

    private FoundKey? Find(IHeaderDictionary headers, out bool mayBeToken)
    {
        var presented = ApiKeys.Presented(headers);
        mayBeToken = TokenCallers.LooksLikeOne(presented);
        return mayBeToken ? null : keys.Find(presented);
    }

    /// <summary>What a call does to memories, or null where it has nothing to do with them. The memory service looks at the token's scopes again.</summary>
    public static string? MemoryActionOf(string method, string path)
    {
        const string Memories = "/v1/memories";
        if (path == "/mcp")
        {
            // Tools that write ask for the scope themselves.
            return "read";
        }

        if (!path.StartsWith(Memories, StringComparison.Ordinal))
        {
            return null;
        }

        var rest = path.AsSpan(Memories.Length);
        return rest.StartsWith("/admin") ? "admin"
            : rest is "/erase" || rest.StartsWith("/erasures/") || (rest.IsEmpty && HttpMethods.IsDelete(method)) ? "erase"
            : HttpMethods.IsGet(method) || rest is "/search" or "/context" or "/keywords/expand" ? "read"
            : "write";
    }
}

/// <summary>Either the caller or why there is none.</summary>
internal readonly record struct CallerAnswer(Caller? Caller, ApiError? Error);
