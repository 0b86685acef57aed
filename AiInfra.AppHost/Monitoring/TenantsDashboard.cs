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
            new("Budgets and cost",
                Panel.Bars("Budgets spent", "percentunit", "Spent part of each tenant's fullest budget by what it is counted for, unit and period. Alert above 90 %.",
                    new PanelQuery("""max by (tenant, subject, unit, period) (max_over_time(aiinfra_gateway_budget_used{tenant=~"$tenant"}[1h]))""",
                        "{{tenant}} per {{subject}}, {{unit}} a {{period}}") { Silent = "no policy sets a budget" }) with
                { RedAbove = 0.9 },
                Panel.Bars("Cost, 24 hours", "none", "Cost of the last 24 hours by tenant, in the currency of the prices.",
                    new PanelQuery("""sort_desc(sum by (tenant) (increase(aiinfra_gateway_cost_total{tenant=~"$tenant",model=~"$model"}[24h])))""", "{{tenant}}")),
                Panel.Curves("Cost per hour", "none", "What an hour costs at the present pace, by model.",
                    new PanelQuery("""3600 * sum by (model) (rate(aiinfra_gateway_cost_total{tenant=~"$tenant",model=~"$model"}[$__rate_interval]))""", "{{model}}")) with
                { Stacked = true }),
            new("Credentials",
                Panel.Bars("Time left", "s", "Until the next API key of a tenant without a successor, a certificate or the signing key ends. Alerts below 14 days (keys: 7).",
                    new PanelQuery("""min by (kind, name) (aiinfra_gateway_credential_expiry_seconds) - time()""", "{{kind}} {{name}}")
                    {
                        Silent = "no credential has an end",
                    }) with
                { RedBelow = 604_800 }),
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
