using System.Net;
using System.Net.Sockets;
using System.Text;
using AiInfra.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AiInfra.Tests.ServiceDefaults;

public sealed class NetworkTests
{
    private static readonly string Long = $"{{\"text\":\"{new string('a', 5000)}\"}}";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("application/json", true, "br")]
    [InlineData("application/json", false, null)]
    [InlineData("text/event-stream", true, null)]
    public async Task Only_JSON_is_compressed_and_only_where_it_is_asked_for(string mediaType, bool compress, string? encoding)
    {
        await using var app = await StartAsync(mediaType, $"--Network:CompressAnswers={compress}");
        using var client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None });
        using var request = new HttpRequestMessage(HttpMethod.Get, app.Urls.Single());
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "br, gzip");

        using var answer = await client.SendAsync(request, Cancelled);

        Assert.Equal(encoding, answer.Content.Headers.ContentEncoding.SingleOrDefault());
        var length = (await answer.Content.ReadAsByteArrayAsync(Cancelled)).Length;
        Assert.True(encoding is null ? length == Long.Length : length < Long.Length / 10);
    }

    [Fact]
    public async Task A_client_that_never_ends_its_headers_is_let_go()
    {
        await using var app = await StartAsync("application/json", "--Network:RequestHeadersTimeout=00:00:01");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(app.Urls.Single()).Port, Cancelled);
        await socket.SendAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: a\r\nX: "), Cancelled);

        // The answer, 408, and then the end.
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, Cancelled) > 0)
        {
        }
    }

    [Theory]
    [InlineData("--Network:RequestHeadersTimeout=00:10:00", "Network:RequestHeadersTimeout must be between 1 second and 5 minutes.")]
    [InlineData("--Network:KeepAliveTimeout=00:00:00", "Network:KeepAliveTimeout must be between 1 second and 1 hour.")]
    [InlineData("--Network:MaxConnections=0", "Network:MaxConnections must be between 1 and 1,000,000.")]
    public async Task A_setting_out_of_its_range_is_named_at_the_start(string setting, string message)
    {
        var problem = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync("application/json", setting));

        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync(string mediaType, params string[] settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = settings });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{FreePorts.Next()}");
        builder.AddNetworkDefaults();
        var app = builder.Build();
        app.Run(async context =>
        {
            context.Response.ContentType = mediaType;
            await context.Response.WriteAsync(Long, context.RequestAborted);
        });
        await app.StartAsync(Cancelled);
        return app;
    }
}
