using System.Text.Json;
using AiInfra.Gateway.Limits;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Policies;

/// <summary>
/// The policies in force: the document that the admin API stored, else the configured one. Swapped whole when either changes; a
/// document that does not hold together is not taken over.
/// </summary>
internal sealed partial class PolicyStore : IDisposable
{
    private readonly RedisLink _redis;
    private readonly ILogger<PolicyStore> _logger;
    private readonly IDisposable? _changes;
    private volatile PolicySet _configured;
    private volatile PolicySet? _stored;

    public PolicyStore(IOptionsMonitor<AccessOptions> options, RedisLink redis, ILogger<PolicyStore> logger)
    {
        (_redis, _logger) = (redis, logger);
        _configured = new PolicySet(options.CurrentValue);
        Require(_configured);
        _changes = options.OnChange(changed => _configured = new PolicySet(changed));
    }

    public PolicySet Current => _stored ?? _configured;

    public static AccessOptions? Parse(string text) => JsonSerializer.Deserialize(text, AccessJson.Default.AccessOptions);

    /// <summary>Takes over the document that the admin API stored; null: none is.</summary>
    public void Take(string? text)
    {
        if (text is null)
        {
            _stored = null;
            return;
        }

        if (Parse(text) is not { } document || AccessOptionsValidator.Problems(document).Any())
        {
            NotTaken(_logger);
            return;
        }

        if (_stored?.Document.Version != document.Version)
        {
            _stored = new PolicySet(document);
        }
    }

    public void Dispose() => _changes?.Dispose();

    private void Require(PolicySet policies)
    {
        if (policies.HasLimits && !_redis.IsConfigured)
        {
            throw new OptionsValidationException(
                AccessOptions.Section, typeof(AccessOptions), [$"Access:Policies sets limits: they are kept in Redis, and {RedisLink.Setting} is not set."]);
        }
    }

    [LoggerMessage(LogLevel.Error, "The stored policy document does not hold together; the one before stays in force")]
    private static partial void NotTaken(ILogger logger);
}
