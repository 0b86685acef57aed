namespace AiInfra.Gateway.Tenants;

/// <summary>Issues, rotates and revokes keys. A secret leaves here once and is stored nowhere.</summary>
internal sealed class KeyIssuer(IdentityStore store, KeyHasher hasher, TimeProvider time)
{
    /// <summary>False when keys could not be recognised by another gateway, or by this one after a restart.</summary>
    public bool CanIssue => hasher.IsLasting && store.IsConfigured;

    public Task<IssuedKey> IssueAsync(string tenant, string user, string policy, DateTimeOffset? expiresAt) =>
        IssueAsync(ApiKeySecret.NewId(), null, tenant, user, policy, expiresAt);

    /// <summary>Issues a successor, which counts towards the same limits; the old key goes on for <paramref name="overlap"/>.</summary>
    /// <returns>Null when there is no such key, or it was revoked.</returns>
    public async Task<IssuedKey?> RotateAsync(string id, TimeSpan overlap)
    {
        if (await store.KeyAsync(id) is not { RevokedAt: null } old)
        {
            return null;
        }

        var next = await IssueAsync(ApiKeySecret.NewId(), old.Account, old.Tenant, old.User, old.Policy, old.ExpiresAt);
        var end = time.GetUtcNow() + overlap;
        await store.WriteKeyAsync(old with { ExpiresAt = old.ExpiresAt < end ? old.ExpiresAt : end });
        return next;
    }

    /// <returns>False when there is no such key.</returns>
    public async Task<bool> RevokeAsync(string id)
    {
        if (await store.KeyAsync(id) is not { } record)
        {
            return false;
        }

        await store.WriteKeyAsync(record with { RevokedAt = record.RevokedAt ?? time.GetUtcNow() });
        return true;
    }

    private async Task<IssuedKey> IssueAsync(string id, string? account, string tenant, string user, string policy, DateTimeOffset? expiresAt)
    {
        var secret = ApiKeySecret.New();
        var record = new ApiKeyRecord(
            id, account ?? id, Convert.ToBase64String(hasher.Hash(secret)), tenant, user, policy, time.GetUtcNow(), expiresAt, null);
        await store.WriteKeyAsync(record);
        return new IssuedKey(secret, record);
    }
}

/// <summary>A new key with its secret, which is shown this once.</summary>
internal sealed record IssuedKey(string Secret, ApiKeyRecord Record);
