using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace AiInfra.Tests.Monitoring;

/// <summary>A span as a service exported it (opentelemetry/proto/trace/v1).</summary>
internal sealed record OtlpSpan(string Service, string Trace, string Id, string Parent, string Name, IReadOnlyDictionary<string, string> Attributes)
{
    /// <summary>The spans of one export: resource_spans (1), their scope_spans (2), their spans (2).</summary>
    public static IEnumerable<OtlpSpan> Read(byte[] export) =>
        from resourceSpans in ProtobufFields.Of(export, 1)
        let service = ServiceOf(resourceSpans)
        from scopeSpans in ProtobufFields.Of(resourceSpans, 2)
        from span in ProtobufFields.Of(scopeSpans, 2)
        select new OtlpSpan(
            service, ProtobufFields.Hex(span, 1), ProtobufFields.Hex(span, 2), ProtobufFields.Hex(span, 4), ProtobufFields.Text(span, 5), Pairs(span, 9));

    /// <summary>Service and trace of every log record of one export: resource_logs (1), scope_logs (2), log_records (2), trace_id (9).</summary>
    public static IEnumerable<(string Service, string Trace)> ReadLogs(byte[] export) =>
        from resourceLogs in ProtobufFields.Of(export, 1)
        from scopeLogs in ProtobufFields.Of(resourceLogs, 2)
        from record in ProtobufFields.Of(scopeLogs, 2)
        select (ServiceOf(resourceLogs), ProtobufFields.Hex(record, 9));

    private static string ServiceOf(ReadOnlyMemory<byte> resourceSpans) =>
        ProtobufFields.Of(resourceSpans, 1).Select(resource => Pairs(resource, 1).GetValueOrDefault("service.name")).FirstOrDefault() ?? "";

    private static Dictionary<string, string> Pairs(ReadOnlyMemory<byte> message, int number) =>
        ProtobufFields.Of(message, number).DistinctBy(pair => ProtobufFields.Text(pair, 1))
            .ToDictionary(pair => ProtobufFields.Text(pair, 1), pair => Value(ProtobufFields.Of(pair, 2).FirstOrDefault()));

    // AnyValue: string (1), bool (2), int (3), double (4).
    private static string Value(ReadOnlyMemory<byte> any) => ProtobufFields.Of(any).Select(field => field.Number switch
    {
        1 => Encoding.UTF8.GetString(field.Bytes.Span),
        4 => BinaryPrimitives.ReadDoubleLittleEndian(field.Bytes.Span).ToString(CultureInfo.InvariantCulture),
        _ => BinaryPrimitives.ReadInt64LittleEndian(field.Bytes.Span).ToString(CultureInfo.InvariantCulture),
    }).FirstOrDefault() ?? "";
}
