namespace AiInfra.ServiceDefaults.ServiceTokens;

/// <summary>
/// The claims of a service token: a JWT (RFC 9068, type <c>at+jwt</c>, ES256) that the gateway signs for one audience and at most
/// 60 seconds. It carries on whose behalf the call is made, so that no service trusts a header for that.
/// </summary>
public static class ServiceTokenClaims
{
    /// <summary>The issuer of every service token, and the service discovery name of the gateway.</summary>
    public const string Issuer = "http://gateway";

    /// <summary>Who calls: the id of an API key or the subject of an outside token.</summary>
    public const string Subject = "sub";

    /// <summary>The team whose data this is. Never empty.</summary>
    public const string Tenant = "tenant";

    /// <summary>The person within the tenant, or the caller's own id.</summary>
    public const string User = "user";

    /// <summary>The service that sends the token, for example <c>gateway</c>.</summary>
    public const string Client = "client_id";

    /// <summary>The service that acts on behalf of the subject: <c>{"sub":"gateway"}</c> (RFC 8693). Absent in a service's own tokens.</summary>
    public const string Actor = "act";

    /// <summary>The policy that the subject is under, by name.</summary>
    public const string Policy = "policy";

    /// <summary>The memory domains that the subject may use, separated by blanks. Absent: every one.</summary>
    public const string Domains = "domains";

    /// <summary>What may be done, separated by blanks: see <see cref="ServiceScopes"/>.</summary>
    public const string Scope = "scope";
}

/// <summary>What a service token may allow.</summary>
public static class ServiceScopes
{
    /// <summary>Read and search memories.</summary>
    public const string MemoryRead = "memory.read";

    /// <summary>Store, change and delete memories.</summary>
    public const string MemoryWrite = "memory.write";

    /// <summary>Erase everything that is remembered of the subject's own user, with a receipt; of another, with <see cref="MemoryAdmin"/> too.</summary>
    public const string MemoryErase = "memory.erase";

    /// <summary>Administer the memory service: rebuild, backup.</summary>
    public const string MemoryAdmin = "memory.admin";

    /// <summary>Every one of them.</summary>
    public static string[] All => [MemoryRead, MemoryWrite, MemoryErase, MemoryAdmin];
}
