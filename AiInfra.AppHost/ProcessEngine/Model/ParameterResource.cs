namespace Aspire.Hosting.ApplicationModel;

/// <summary>A value from outside the model: read once, when it is first needed.</summary>
internal sealed class ParameterResource(string name, Func<string> callback, bool secret) : Resource(name), IExpressionValue
{
    private readonly Lazy<string> _value = new(callback);

    public bool Secret { get; } = secret;

    public string ValueExpression => $"{{{Name}.value}}";

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => new(_value.Value);
}
