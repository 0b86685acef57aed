using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Memories;
using AiInfra.Gateway.Policies;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Tenants;
using AiInfra.ServiceDefaults.Listeners;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Admin;

/// <summary>What operators do, on the admin listener and with its key.</summary>
internal static class AdminEndpoints
{
    private const int MinKeyLength = 16;

    public static void AddAdmin(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<AdminOptions>()
            .BindConfiguration(AdminOptions.Section)
            .Validate(options => options.Key is null or { Length: >= MinKeyLength }, $"Admin:Key must have at least {MinKeyLength} characters.")
            .ValidateOnStart();
        builder.AddAdminDescription();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, AdminJson.Default));
    }

    public static void MapAdmin(this WebApplication app)
    {
        var key = app.Services.GetRequiredService<IOptions<AdminOptions>>().Value.Key;
        var group = app.MapGroup("/admin").RequireListener(ListenerNames.Admin);
        group.AddEndpointFilter(async (call, next) =>
        {
            if (HasKey(call.HttpContext.Request, key))
            {
                return await next(call);
            }

            var (request, audit) = (call.HttpContext.Request, call.HttpContext.RequestServices.GetRequiredService<Audit>());
            audit.Denied(new Caller("unknown", "", ""), $"{request.Method} {request.Path}", new AccessDecision(false, "Admin:Key", "The admin key is missing or wrong."));
            await call.HttpContext.WriteErrorAsync(Dialect.Problem, ApiError.InvalidKey with { Message = "The admin key is required: Authorization: Bearer …" });
            return Results.Empty;
        });
        group.MapAdminDescription();
        group.MapKeyAdministration();
        group.MapPolicyAdministration();
        group.MapUsageReports();
        group.MapMemoryAdministration();
        group.MapGet("/replicas", ListReplicas);
        group.MapPost("/replicas/{id}/drain", Drain);
        group.MapDelete("/replicas/{id}/drain", Undrain);
    }

    private static Ok<ReplicaList> ListReplicas(ReplicaPools pools) => TypedResults.Ok(new ReplicaList(
    [
        .. pools.All.SelectMany(pool => pool.Replicas.Select(replica => new ReplicaStatus(
            replica.Id, pool.Service, replica.IsDraining ? "Draining" : replica.State.ToString(), replica.InFlight,
            replica.Load?.Running, replica.Load?.Waiting, replica.Load?.CacheUsage))),
    ]));

    private static Task<Results<NoContent, NotFound>> Drain(string id, ReplicaPools pools, Audit audit) => SetDrainingAsync(pools, audit, id, true);

    private static Task<Results<NoContent, NotFound>> Undrain(string id, ReplicaPools pools, Audit audit) => SetDrainingAsync(pools, audit, id, false);

    private static async Task<Results<NoContent, NotFound>> SetDrainingAsync(ReplicaPools pools, Audit audit, string id, bool draining)
    {
        if (pools.Find(id) is not { } replica)
        {
            return TypedResults.NotFound();
        }

        replica.IsDraining = draining;
        await audit.ActedAsync(draining ? "drain replica" : "take back replica", id);
        return TypedResults.NoContent();
    }

    private static bool HasKey(HttpRequest request, string? key)
    {
        const string Scheme = "Bearer ";
        return key is not null
            && request.Headers.Authorization is [{ } value]
            && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(Hash(value.AsSpan(Scheme.Length)), Hash(key));
    }

    // Hashed first, so that not even the length is compared in a time that tells it.
    private static byte[] Hash(ReadOnlySpan<char> text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        return SHA256.HashData(bytes);
    }
}

/// <summary>The replicas of every pool.</summary>
internal sealed record ReplicaList(IReadOnlyList<ReplicaStatus> Replicas);

/// <summary>One replica. Running, waiting and cache use are the engine's own figures; null is unknown.</summary>
internal sealed record ReplicaStatus(
    string Id, string Service, string State, int InFlight, double? Running, double? Waiting, double? CacheUsage);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ReplicaList))]
internal sealed partial class AdminJson : JsonSerializerContext;
