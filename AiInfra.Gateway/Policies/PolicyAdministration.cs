using System.Text.Json;
using AiInfra.Gateway.Tenants;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiInfra.Gateway.Policies;

/// <summary>The policy document, and what it decides.</summary>
internal static class PolicyAdministration
{
    public static void MapPolicyAdministration(this IEndpointRouteBuilder admin)
    {
        admin.MapGet("/policies", GetPolicies).Produces<AccessOptions>();
        admin.MapPut("/policies", PutPolicies).Accepts<AccessOptions>("application/json").Produces<AccessOptions>();
        admin.MapGet("/policies/explain", Explain);
    }

    private static ContentHttpResult GetPolicies(PolicyStore policies) =>
        TypedResults.Content(JsonSerializer.Serialize(policies.Current.Document, AccessJson.Default.AccessOptions), "application/json");

    // The document names the version that it changes; it is stored under the next.
    private static async Task<Results<ContentHttpResult, ProblemHttpResult>> PutPolicies(
        HttpRequest request, IdentityStore store, PolicyStore policies, Audit audit, CancellationToken cancellationToken)
    {
        if (!store.IsConfigured)
        {
            return Problem("Policies cannot be stored: ConnectionStrings:redis is not set.", StatusCodes.Status409Conflict);
        }

        AccessOptions? document;
        try
        {
            document = await JsonSerializer.DeserializeAsync(request.Body, AccessJson.Default.AccessOptions, cancellationToken);
        }
        catch (JsonException malformed)
        {
            return Problem($"The document is not valid: {malformed.Path} (line {malformed.LineNumber + 1}).", StatusCodes.Status400BadRequest);
        }

        if (document is null)
        {
            return Problem("The document is empty.", StatusCodes.Status400BadRequest);
        }

        if (AccessOptionsValidator.Problems(document).ToList() is { Count: > 0 } problems)
        {
            return Problem(string.Join(' ', problems), StatusCodes.Status400BadRequest);
        }

        var stored = await store.PoliciesAsync();
        var present = stored is null ? policies.Current.Document : PolicyStore.Parse(stored)!;
        if (document.Version != present.Version)
        {
            return Problem($"The document changes version {document.Version}, but version {present.Version} is in force.", StatusCodes.Status409Conflict);
        }

        document.Version++;
        var text = JsonSerializer.Serialize(document, AccessJson.Default.AccessOptions);
        if (!await store.WritePoliciesAsync(text, stored))
        {
            return Problem("Somebody else changed the document meanwhile.", StatusCodes.Status409Conflict);
        }

        policies.Take(text);
        await audit.ActedAsync("change policies", $"version {document.Version}");
        return TypedResults.Content(text, "application/json");
    }

    /// <summary>Says what would happen: <c>caller</c> is a key's id, <c>action</c> a method and a path.</summary>
    private static Results<Ok<ExplainResponse>, NotFound, ProblemHttpResult> Explain(
        string caller, string action, string? model, string? actsFor, ApiKeys keys, PolicyStore policies)
    {
        if (keys.FindById(caller) is not { } found)
        {
            return TypedResults.NotFound();
        }

        if (action.Split(' ') is not [var method, ['/', ..] path])
        {
            return Problem("'action' must be a method and a path, for example: POST /v1/chat/completions", StatusCodes.Status400BadRequest);
        }

        var decision = policies.Current.Decide(found, path, model, Callers.MemoryActionOf(method, path), actsFor);
        return TypedResults.Ok(new ExplainResponse(
            caller, found.Tenant, found.Policy, action, decision.Allowed, decision.Rule, decision.Reason,
            [.. policies.Current.PolicyOf(found)?.Options.Limits ?? []]));
    }

    private static ProblemHttpResult Problem(string detail, int status) => TypedResults.Problem(detail, statusCode: status);
}
