using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiInfra.AppHost.Redis;

/// <summary>Signs in and pings: a server that still reads its append-only file answers with an error until it is done.</summary>
internal sealed class RedisHealthCheck(RedisProcessResource redis) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(redis.Endpoint.Host, redis.Endpoint.Port, limit.Token);
            using var stream = client.GetStream();
            using var reader = new StreamReader(stream);
            var password = await redis.Password.GetValueAsync(limit.Token) ?? "";
            await stream.WriteAsync(Encoding.UTF8.GetBytes(Command("AUTH", password) + Command("PING")), limit.Token);
            var signedIn = await reader.ReadLineAsync(limit.Token);
            var answer = signedIn == "+OK" ? await reader.ReadLineAsync(limit.Token) : signedIn;
            return answer == "+PONG" ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy($"answers {answer}");
        }
        catch (Exception problem) when (problem is SocketException or IOException
            || (problem is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return HealthCheckResult.Unhealthy(problem.Message);
        }
    }

    // Arrays of strings: Garnet refuses the shorter inline commands.
    private static string Command(params string[] words) =>
        $"*{words.Length}\r\n" + string.Concat(words.Select(word => $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n"));
}
