using AiInfra.Gateway.Tenants;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiInfra.Gateway.Policies;

/// <summary>Tenants and keys.</summary>
internal static class KeyAdministration
{
    private static readonly TimeSpan MostOverlap = TimeSpan.FromDays(30);

    public static void MapKeyAdministration(this IEndpointRouteBuilder admin)
    {
        admin.MapGet("/tenants", ListTenants);
        admin.MapGet("/keys", ListKeys);
        admin.MapPost("/keys", CreateKey);
        admin.MapPost("/keys/{id}/rotate", RotateKey);
        admin.MapDelete("/keys/{id}", RevokeKey);
    }

    private static async Task<Ok<TenantListResponse>> ListTenants(IdentityStore store) =>
        TypedResults.Ok(new TenantListResponse([.. (await store.KeysAsync())
            .GroupBy(key => key.Tenant, StringComparer.Ordinal)
            .OrderBy(tenant => tenant.Key, StringComparer.Ordinal)
            .Select(tenant => new TenantResponse(tenant.Key, tenant.Count(), [.. tenant.Select(key => key.User).Distinct().Order(StringComparer.Ordinal)]))]));

    private static async Task<Ok<KeyListResponse>> ListKeys(IdentityStore store, string? tenant) =>
        TypedResults.Ok(new KeyListResponse([.. (await store.KeysAsync())
            .Where(key => tenant is null || key.Tenant == tenant)
            .OrderBy(key => key.CreatedAt)
            .Select(Describe)]));

    private static async Task<Results<Created<CreatedKeyResponse>, ProblemHttpResult>> CreateKey(
        CreateKeyRequest request, KeyIssuer issuer, PolicyStore policies, Audit audit)
    {
        if (!issuer.CanIssue)
        {
            return Problem("Keys cannot be issued: Keys:Pepper and ConnectionStrings:redis must be set.", StatusCodes.Status409Conflict);
        }

        var policy = request.Policy ?? PolicySet.Default;
        if (!TenantName.IsValid(request.Tenant))
        {
            return Problem("'tenant' must have 1 to 64 letters, digits, '-', '.' or '_'.", StatusCodes.Status400BadRequest);
        }

        if (policies.Current.PolicyOf(new Caller("", "", "", policy)) is null)
        {
            return Problem($"There is no policy '{policy}'.", StatusCodes.Status400BadRequest);
        }

        var key = await issuer.IssueAsync(request.Tenant, request.User ?? request.Tenant, policy, request.ExpiresAt);
        await audit.ActedAsync("create key", key.Record.Id);
        return TypedResults.Created($"/admin/keys/{key.Record.Id}", new CreatedKeyResponse(key.Secret, Describe(key.Record)));
    }

    private static async Task<Results<Created<CreatedKeyResponse>, NotFound, ProblemHttpResult>> RotateKey(
        string id, RotateKeyRequest request, KeyIssuer issuer, Audit audit)
    {
        var overlap = TimeSpan.FromSeconds(request.OverlapSeconds ?? 3600);
        if (overlap < TimeSpan.Zero || overlap > MostOverlap)
        {
            return Problem("'overlapSeconds' must be from 0 to 2592000.", StatusCodes.Status400BadRequest);
        }

        if (await issuer.RotateAsync(id, overlap) is not { } key)
        {
            return TypedResults.NotFound();
        }

        await audit.ActedAsync("rotate key", $"{id} to {key.Record.Id}");
        return TypedResults.Created($"/admin/keys/{key.Record.Id}", new CreatedKeyResponse(key.Secret, Describe(key.Record)));
    }

    private static async Task<Results<NoContent, NotFound>> RevokeKey(string id, KeyIssuer issuer, Audit audit)
    {
        if (!await issuer.RevokeAsync(id))
        {
            return TypedResults.NotFound();
        }

        await audit.ActedAsync("revoke key", id);
        return TypedResults.NoContent();
    }

    private static KeyResponse Describe(ApiKeyRecord key) =>
        new(key.Id, key.Account, key.Tenant, key.User, key.Policy, key.CreatedAt, key.ExpiresAt, key.RevokedAt);

    private static ProblemHttpResult Problem(string detail, int status) => TypedResults.Problem(detail, statusCode: status);
}
