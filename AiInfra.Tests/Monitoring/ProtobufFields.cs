using System.Buffers.Binary;
using System.Text;

namespace AiInfra.Tests.Monitoring;

/// <summary>The fields of one protobuf message, as far as OTLP needs them.</summary>
internal static class ProtobufFields
{
    /// <summary>Number and bytes of every field that is a message, text or bytes; of fixed 64-bit fields their eight bytes; numbers as eight bytes too.</summary>
    public static IEnumerable<(int Number, ReadOnlyMemory<byte> Bytes)> Of(ReadOnlyMemory<byte> message)
    {
        while (message.Length > 0)
        {
            var tag = Number(ref message);
            var (number, wire) = ((int)(tag >> 3), (int)(tag & 7));
            if (wire == 0)
            {
                var value = new byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(value, Number(ref message));
                yield return (number, value);
                continue;
            }

            var length = wire switch
            {
                1 => 8,
                2 => (int)Number(ref message),
                5 => 4,
                _ => throw new FormatException($"Wire type {wire} is not of OTLP."),
            };
            yield return (number, message[..length]);
            message = message[length..];
        }
    }

    public static IEnumerable<ReadOnlyMemory<byte>> Of(ReadOnlyMemory<byte> message, int number) =>
        Of(message).Where(field => field.Number == number).Select(field => field.Bytes);

    public static string Text(ReadOnlyMemory<byte> message, int number) =>
        Of(message, number).Select(bytes => Encoding.UTF8.GetString(bytes.Span)).FirstOrDefault() ?? "";

    public static string Hex(ReadOnlyMemory<byte> message, int number) =>
        Of(message, number).Select(bytes => Convert.ToHexStringLower(bytes.Span)).FirstOrDefault() ?? "";

    private static ulong Number(ref ReadOnlyMemory<byte> message)
    {
        var (value, shift) = (0UL, 0);
        while (true)
        {
            var next = message.Span[0];
            message = message[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }

            shift += 7;
        }
    }
}
