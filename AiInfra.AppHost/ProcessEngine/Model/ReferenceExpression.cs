using System.Runtime.CompilerServices;
using System.Text;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Text with values in it that are known only when the application runs.</summary>
internal sealed class ReferenceExpression : IExpressionValue
{
    private readonly IReadOnlyList<object> _parts;

    internal ReferenceExpression(IReadOnlyList<object> parts) => _parts = parts;

    public string ValueExpression => string.Concat(_parts.Select(part => part is IManifestExpressionProvider value ? value.ValueExpression : part));

    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) => new(handler.Parts);

    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
    {
        var text = new StringBuilder();
        foreach (var part in _parts)
        {
            text.Append(part is IValueProvider value ? await value.GetValueAsync(cancellationToken) : part);
        }

        return text.ToString();
    }

    [InterpolatedStringHandler]
    internal readonly ref struct ExpressionInterpolatedStringHandler(int literalLength, int formattedCount)
    {
        internal List<object> Parts { get; } = new(formattedCount + (literalLength > 0 ? formattedCount + 1 : 0));

        public void AppendLiteral(string value) => Parts.Add(value);

        public void AppendFormatted(string? value) => Parts.Add(value ?? "");

        public void AppendFormatted<T>(T value)
            where T : IValueProvider, IManifestExpressionProvider => Parts.Add(value);

        public void AppendFormatted<T>(IResourceBuilder<T> value)
            where T : IResource, IValueProvider, IManifestExpressionProvider => Parts.Add(value.Resource);
    }
}
