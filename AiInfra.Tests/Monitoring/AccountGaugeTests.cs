using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AiInfra.Tests.Limits;

namespace AiInfra.Tests.Monitoring;

[Collection(RedisGroup.Name)]
public sealed class AccountGaugeTests(RedisServer redis)
{
    private const string Policy = "--Access:Policies:default";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Spent_budgets_and_costs_are_exported_by_tenant()
    {
        await using var gateway = await LimitedGateway.StartAsync(
            redis, "--Access:Prices:tiny:Prompt=1000000", "--Access:Prices:tiny:Completion=2000000",
            $"{Policy}:Limits:0:Per=tenant", $"{Policy}:Limits:0:Budgets:0:Per=month", $"{Policy}:Limits:0:Budgets:0:Tokens=100000");

        // Five prompt tokens at 1 each and two of completion at 2 each: 9, and 7 tokens.
        using var answer = await gateway.Server.ChatAsync(more: ",\"max_tokens\":64");
        Assert.Equal(200, (int)answer.StatusCode);
        var budget = await ValueAsync(gateway, "aiinfra_gateway_budget_used", $"tenant=\"{gateway.Tenant}\"", "subject=\"tenant\"", "unit=\"tokens\"", "period=\"month\"");
        var cost = await ValueAsync(gateway, "aiinfra_gateway_cost_total", $"tenant=\"{gateway.Tenant}\"", "model=\"tiny\"");

        Assert.Equal(0.00007, budget, 9);
        Assert.Equal(9, cost, 9);
    }

    [Fact]
    public async Task The_next_end_of_a_credential_is_exported_until_a_successor_is_there()
    {
        var file = Path.Combine(Path.GetTempPath(), $"aiinfra-{Guid.NewGuid():n}.crt");
        using var ecdsa = ECDsa.Create();
        var end = DateTimeOffset.UtcNow.AddDays(30);
        using var certificate = new CertificateRequest("CN=gateway", ecdsa, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow, end);
        await File.WriteAllTextAsync(file, certificate.ExportCertificatePem(), Cancelled);
        try
        {
            await using var gateway = await LimitedGateway.StartAsync(
                redis, $"--Expiry:Certificates:0={file}", "--Expiry:SigningKey=2099-01-01T00:00:00Z");
            var keyEnd = DateTimeOffset.UtcNow.AddDays(5);
            var id = await IssueAsync(gateway, keyEnd);

            Assert.Equal(end.ToUnixTimeSeconds(), await ValueAsync(gateway, Expiry, "kind=\"certificate\"", $"name=\"{Path.GetFileName(file)}\""), 1);
            Assert.Equal(new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds(), await ValueAsync(gateway, Expiry, "kind=\"signing_key\""), 0);
            Assert.Equal(keyEnd.ToUnixTimeSeconds(), await ValueAsync(gateway, Expiry, "kind=\"api_key\"", $"name=\"{gateway.Tenant}\""), 0);

            // A key without an end takes its place: nobody of this line of keys loses access.
            using var endless = await gateway.Server.Admin.DeleteAsync($"/admin/keys/{id}", Cancelled);
            Assert.True(endless.IsSuccessStatusCode);
            await WaitUntilGoneAsync(gateway, "kind=\"api_key\"", $"name=\"{gateway.Tenant}\"");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private const string Expiry = "aiinfra_gateway_credential_expiry_seconds";

    private static async Task<string> IssueAsync(LimitedGateway gateway, DateTimeOffset end)
    {
        using var created = await gateway.Server.Admin.PostAsJsonAsync("/admin/keys", new { tenant = gateway.Tenant, expiresAt = end }, Cancelled);
        var text = await created.Content.ReadAsStringAsync(Cancelled);
        Assert.True((int)created.StatusCode == 201, text);
        return created.Headers.Location!.ToString().Split('/')[^1];
    }

    /// <summary>Waits for a series with these labels: keys reach a gateway within half a second.</summary>
    private static async Task<double> ValueAsync(LimitedGateway gateway, string name, params string[] labels)
    {
        string[] lines = [];
        for (var attempt = 0; attempt < 600; attempt++)
        {
            lines = await LinesAsync(gateway, name);
            if (lines.FirstOrDefault(line => labels.All(label => line.Contains(label, StringComparison.Ordinal))) is { } found)
            {
                return double.Parse(found[(found.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);
            }

            await Task.Delay(50, Cancelled);
        }

        throw new Xunit.Sdk.XunitException($"No {name} with {string.Join(',', labels)} in:\n{string.Join('\n', lines)}");
    }

    private static async Task WaitUntilGoneAsync(LimitedGateway gateway, params string[] labels)
    {
        for (var attempt = 0; attempt < 600; attempt++)
        {
            if (!(await LinesAsync(gateway, Expiry)).Any(line => labels.All(label => line.Contains(label, StringComparison.Ordinal))))
            {
                return;
            }

            await Task.Delay(50, Cancelled);
        }

        Assert.Fail($"{string.Join(',', labels)} is still there.");
    }

    private static async Task<string[]> LinesAsync(LimitedGateway gateway, string name) =>
        [.. (await gateway.Server.Internal.GetStringAsync("/metrics", Cancelled)).Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal))];
}
