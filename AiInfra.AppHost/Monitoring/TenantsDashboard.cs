namespace AiInfra.AppHost.Monitoring;

/// <summary>Who uses what, and who is refused.</summary>
internal static class TenantsDashboard
{
    public static readonly Dashboard Definition = new(
        "aiinfra-tenants", "AiInfra / Tenants and cost", "Use and refusals by tenant. Tenants beyond the gateway's cap are summed as 'other'.",
        [DashboardVariable.Tenant, DashboardVariable.Model],
        [
            new("Use",
                Panel.Bars("Tokens today", "short", "Tokens of the last 24 hours by tenant.",
                    new PanelQuery("""sort_desc(sum by (tenant) (increase(aiinfra_gateway_tokens_total{tenant=~"$tenant",model=~"$model"}[24h])))""", "{{tenant}}")),
                Panel.Curves("Tokens", "suffix: tok/s", "Tokens a second by tenant and kind.",
                    new PanelQuery("""sum by (tenant, kind) (rate(aiinfra_gateway_tokens_total{tenant=~"$tenant",model=~"$model"}[$__rate_interval]))""", "{{tenant}} {{kind}}")) with
                { Stacked = true },
                Panel.Curves("From the cache", "percentunit", "Part of the input tokens that came from the prefix cache: cheap for the platform.",
                    new PanelQuery("""
                        sum by (tenant) (rate(aiinfra_gateway_tokens_total{kind="cached",tenant=~"$tenant"}[$__rate_interval]))
                          / (sum by (tenant) (rate(aiinfra_gateway_tokens_total{kind=~"cached|input",tenant=~"$tenant"}[$__rate_interval])) > 0)
                        """, "{{tenant}}") { Silent = "engines report cached tokens only where they are told to" })),
            new("Refusals",
                Panel.Curves("Refused", "reqps", "Requests refused, by tenant and reason.",
                    new PanelQuery("""sum by (tenant, reason) (rate(aiinfra_gateway_denials_total{tenant=~"$tenant"}[$__rate_interval]))""", "{{tenant}} {{reason}}")
                    {
                        Silent = "nobody was refused",
                    }) with
                { Stacked = true },
                Panel.Curves("Wrong keys", "reqps", "Requests that could not be authenticated. Alert above one a second.",
                    new PanelQuery("""sum(rate(aiinfra_gateway_denials_total{reason="authentication"}[$__rate_interval]))""", "wrong keys")
                    {
                        Silent = "nobody came with a wrong key",
                    }) with
                { RedAbove = 1 }),
        ]);
}
