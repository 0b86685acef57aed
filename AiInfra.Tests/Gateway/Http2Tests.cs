using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.Gateway;

public sealed class Http2Tests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Over_TLS_callers_speak_HTTP2_and_get_frames_as_they_come()
    {
        await using var replica = await ScriptedVllm.StartAsync();
        var (port, certificate) = (FreePorts.Next(), WriteCertificate());
        await using var gateway = await GatewayServer.StartAsync([replica], $"--urls=https://localhost:{port}", $"--Kestrel:Certificates:Default:Path={certificate.File}");
        var next = new SemaphoreSlim(0);
        replica.Script = async (context, _) =>
        {
            await ScriptedVllm.WriteFrameAsync(context, ScriptedVllm.Chunk("one"));
            await next.WaitAsync(context.RequestAborted);
            await ScriptedVllm.WriteFrameAsync(context, "[DONE]");
        };
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString(HashAlgorithmName.SHA256) == certificate.Hash } };
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"https://localhost:{port}/v1/chat/completions")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = GatewayServer.Json("""{"model":"tiny","messages":[{"role":"user","content":"Hi"}],"stream":true}"""),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayServer.Key);

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancelled));
        var first = await reader.ReadLineAsync(Cancelled);
        next.Release();
        var rest = await reader.ReadToEndAsync(Cancelled);
        File.Delete(certificate.File);

        Assert.Equal(HttpVersion.Version20, response.Version);
        Assert.Equal($"data: {ScriptedVllm.Chunk("one")}", first);
        Assert.Equal("\ndata: [DONE]\n\n", rest);
    }

    private static (string File, string Hash) WriteCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var file = Path.Combine(Path.GetTempPath(), $"aiinfra-{Guid.NewGuid():n}.pfx");
        File.WriteAllBytes(file, certificate.Export(X509ContentType.Pfx));
        return (file, certificate.GetCertHashString(HashAlgorithmName.SHA256));
    }
}
