using System.Text.Json;
using System.Threading.Channels;
using AiInfra.Gateway.Tenants;
using StackExchange.Redis;

namespace AiInfra.Gateway.Policies;

/// <summary>
/// The append-only record of administrative acts and denials. An act is recorded before it is answered; denials are recorded behind
/// the answer, and counted instead when they come faster than they can be written.
/// </summary>
internal sealed partial class Audit(IdentityStore store, TimeProvider time, ILogger<Audit> logger) : BackgroundService
{
    private readonly Channel<string> _denials = Channel.CreateBounded<string>(
        new BoundedChannelOptions(1024) { FullMode = BoundedChannelFullMode.DropWrite });

    public Task ActedAsync(string act, string subject)
    {
        Acted(logger, act, subject);
        return store.IsConfigured ? store.WriteActAsync(Line("act", "admin", "", act, subject, "")) : Task.CompletedTask;
    }

    public void Denied(Caller caller, string action, AccessDecision decision)
    {
        Denied(logger, caller.KeyId, caller.Tenant, action, decision.Rule);
        if (store.IsConfigured)
        {
            _denials.Writer.TryWrite(Line("denial", caller.KeyId, caller.Tenant, action, "", decision.Rule));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var line in _denials.Reader.ReadAllAsync(stoppingToken))
            {
                try
                {
                    await store.WriteDenialAsync(line);
                }
                catch (Exception problem) when (problem is RedisException or TimeoutException)
                {
                    NotRecorded(logger, problem.GetType().Name);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The gateway stops.
        }
    }

    private string Line(string kind, string who, string tenant, string action, string subject, string rule) =>
        JsonSerializer.Serialize(new AuditEntry(time.GetUtcNow(), kind, who, tenant, action, subject, rule), AccessAdminJson.Default.AuditEntry);

    [LoggerMessage(LogLevel.Information, "Administration: {Act} {Subject}")]
    private static partial void Acted(ILogger logger, string act, string subject);

    [LoggerMessage(LogLevel.Information, "Denied {Key} of {Tenant}: {Action} by {Rule}")]
    private static partial void Denied(ILogger logger, string key, string tenant, string action, string rule);

    [LoggerMessage(LogLevel.Warning, "A denial could not be recorded: {Problem}")]
    private static partial void NotRecorded(ILogger logger, string problem);
}

/// <summary>One line of the audit.</summary>
internal sealed record AuditEntry(DateTimeOffset At, string Kind, string Who, string Tenant, string Action, string Subject, string Rule);
