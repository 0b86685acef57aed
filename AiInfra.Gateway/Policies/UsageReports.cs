using System.Globalization;
using System.Text;
using System.Text.Json;
using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Usage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiInfra.Gateway.Policies;

/// <summary>The books and the audit.</summary>
internal static class UsageReports
{
    private const int MostDays = 92;

    public static void MapUsageReports(this IEndpointRouteBuilder admin)
    {
        admin.MapGet("/usage", GetUsage);
        admin.MapGet("/audit", GetAudit);
    }

    /// <summary>Usage per key, user, model and day, <c>format=csv</c> or JSON. Default: today's.</summary>
    private static async Task<Results<Ok<UsageResponse>, ContentHttpResult, ProblemHttpResult>> GetUsage(
        string tenant, DateOnly? from, DateOnly? to, string? format, UsageBook usage, TimeProvider time)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var (first, last) = (from ?? to ?? today, to ?? today);
        if (!TenantName.IsValid(tenant) || last < first || last.DayNumber - first.DayNumber >= MostDays)
        {
            return TypedResults.Problem($"'tenant' must be a tenant's name, 'from' and 'to' at most {MostDays} days in order.", statusCode: StatusCodes.Status400BadRequest);
        }

        var rows = new List<UsageRow>();
        for (var day = first; day <= last; day = day.AddDays(1))
        {
            rows.AddRange(await usage.ReadAsync(tenant, day));
        }

        return format == "csv" ? TypedResults.Content(Csv(rows), "text/csv", Encoding.UTF8) : TypedResults.Ok(new UsageResponse(rows));
    }

    /// <summary>The newest administrative acts and denials in the order of time. There is no way to change or remove one.</summary>
    private static async Task<Ok<AuditResponse>> GetAudit(IdentityStore store, int? last)
    {
        var most = Math.Clamp(last ?? 100, 1, 10_000);
        return TypedResults.Ok(new AuditResponse([.. (await store.AuditAsync(most))
            .Select(line => JsonSerializer.Deserialize(line, AccessAdminJson.Default.AuditEntry)!)
            .OrderBy(entry => entry.At)
            .TakeLast(most)]));
    }

    private static string Csv(List<UsageRow> rows)
    {
        var csv = new StringBuilder($"tenant,day,key,user,model,{string.Join(',', UsageBook.Columns)}\n");
        foreach (var row in rows)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{Cell(row.Tenant)},{row.Day},{Cell(row.Key)},{Cell(row.User)},{Cell(row.Model)},")
                .Append(CultureInfo.InvariantCulture, $"{row.Requests},{row.PromptTokens},{row.CachedTokens},{row.CompletionTokens},")
                .Append(CultureInfo.InvariantCulture, $"{row.UncountedTokens},{row.Money},{row.Milliseconds}\n");
        }

        return csv.ToString();
    }

    // A spreadsheet takes a cell that begins like a formula for one; such a cell gets an apostrophe before it.
    private static string Cell(string text)
    {
        text = text is ['=' or '+' or '-' or '@', ..] ? "'" + text : text;
        return text.AsSpan().ContainsAny(",\"\n\r") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
