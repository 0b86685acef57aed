using System.Net.Sockets;
using System.Text;

namespace AiInfra.Tests.Gateway;

/// <summary>Bytes on a socket, as no HTTP client would send them.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Sends the bytes and returns everything that comes back until the server closes.</summary>
    public static async Task<string> SendAsync(int port, string bytes)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, limit.Token);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes), limit.Token);
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, limit.Token);
        }
        catch (IOException)
        {
            // A reset is a way to close, too.
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }
}
