namespace AiInfra.Gateway.Limits;

/// <summary>How far a budget is spent.</summary>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Subject">What it is counted for: <c>tenant</c>, <c>key</c> or <c>user</c>.</param>
/// <param name="Unit">Tokens or money.</param>
/// <param name="Span">The calendar period.</param>
/// <param name="Used">Spent part, from 0; above 1 where a rule was lowered meanwhile.</param>
internal readonly record struct BudgetLevel(string Tenant, string Subject, MeterUnit Unit, MeterSpan Span, double Used);
