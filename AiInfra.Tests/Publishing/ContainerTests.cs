using System.Net;
using AiInfra.ServiceDefaults.Containers;
using AiInfra.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace AiInfra.Tests.Publishing;

/// <summary>What our services do for the containers that they run in.</summary>
public sealed class ContainerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("aiinfra-secrets-").FullName;

    [Fact]
    public void Files_of_the_secrets_folder_are_settings_and_win()
    {
        File.WriteAllText(Path.Combine(_folder, "Gateway__Keys__0__Key"), "sk-from-a-file\n");
        var builder = WebApplication.CreateBuilder([$"--SecretsFolder={_folder}", "--Gateway:Keys:0:Key=from-elsewhere"]);

        builder.AddSecretFiles();

        Assert.Equal("sk-from-a-file", builder.Configuration["Gateway:Keys:0:Key"]);
    }

    [Fact]
    public void A_secrets_folder_that_is_not_there_stops_the_start()
    {
        var builder = WebApplication.CreateBuilder([$"--SecretsFolder={Path.Combine(_folder, "missing")}"]);

        Assert.Throws<DirectoryNotFoundException>(builder.AddSecretFiles);
    }

    [Fact]
    public void Without_the_setting_nothing_is_read()
    {
        var builder = WebApplication.CreateBuilder();
        var before = builder.Configuration.Sources.Count;

        builder.AddSecretFiles();

        Assert.Equal(before, builder.Configuration.Sources.Count);
    }

    [Theory]
    [InlineData(HttpStatusCode.OK, 0)]
    [InlineData(HttpStatusCode.ServiceUnavailable, 1)]
    public async Task A_gateway_asked_to_probe_says_by_its_exit_code_what_a_page_answers(HttpStatusCode status, int expected)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.MapGet("/health", () => Results.StatusCode((int)status));
        await app.StartAsync(TestContext.Current.CancellationToken);

        using var process = System.Diagnostics.Process.Start("dotnet", ["exec", RepositoryPaths.Assembly("AiInfra.Gateway"), "probe", $"{app.Urls.Single()}/health"]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(expected, process.ExitCode);
    }

    [Fact]
    public void Other_arguments_are_no_probe()
    {
        Assert.False(HealthProbe.Answers([]));
        Assert.False(HealthProbe.Answers(["--urls", "http://localhost"]));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
