using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace AiInfra.Gateway.Models;

/// <summary>The section <c>Gateway</c> as it is in force. A change that is not valid is refused whole: what was in force stays.</summary>
internal sealed partial class GatewayConfiguration : IDisposable
{
    private readonly IConfiguration _configuration;
    private readonly IValidateOptions<GatewayOptions> _validator;
    private readonly ILogger _logger;
    private readonly IDisposable _reloads;
    private readonly Lock _lock = new();
    private Action<GatewayOptions>? _changed;

    public GatewayConfiguration(
        IOptions<GatewayOptions> first, IConfiguration configuration, IValidateOptions<GatewayOptions> validator, ILogger<GatewayConfiguration> logger)
    {
        (Current, _configuration, _validator, _logger) = (first.Value, configuration, validator, logger);
        _reloads = ChangeToken.OnChange(configuration.GetReloadToken, Reload);
    }

    public GatewayOptions Current { get; private set; }

    /// <summary>Calls <paramref name="changed"/> with every valid change from now on.</summary>
    public IDisposable OnChange(Action<GatewayOptions> changed)
    {
        lock (_lock)
        {
            _changed += changed;
        }

        return new Subscription(this, changed);
    }

    public void Dispose() => _reloads.Dispose();

    private void Reload()
    {
        lock (_lock)
        {
            try
            {
                var options = new GatewayOptions();
                _configuration.GetSection(GatewayOptions.Section).Bind(options);
                var result = _validator.Validate(null, options);
                if (result.Failed)
                {
                    ChangeRefused(_logger, result.FailureMessage);
                    return;
                }

                Current = options;
                _changed?.Invoke(options);
                ChangeTakenOver(_logger, options.Models.Count, options.Keys.Count);
            }
            catch (InvalidOperationException problem)
            {
                // A value that does not convert. Its text may be a secret: only the key is told.
                ChangeRefused(_logger, problem.GetType().Name);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "The changed configuration is refused, the former stays in force: {Reason}")]
    private static partial void ChangeRefused(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Information, "The changed configuration is in force: {Models} models, {Keys} keys")]
    private static partial void ChangeTakenOver(ILogger logger, int models, int keys);

    private sealed class Subscription(GatewayConfiguration owner, Action<GatewayOptions> changed) : IDisposable
    {
        public void Dispose()
        {
            lock (owner._lock)
            {
                owner._changed -= changed;
            }
        }
    }
}
