using AiInfra.AppHost.State;
using Aspire.Hosting;
using Microsoft.Extensions.Configuration;

namespace AiInfra.Tests.AppHost;

public sealed class StateTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("aiinfra-state-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Two_instances_get_folders_of_their_own_and_say_so()
    {
        using var first = Open("state");
        using var second = Open("state");

        Assert.Equal(Path.Combine(_root, "state"), first.Path);
        Assert.Equal(Path.Combine(_root, "state-2"), second.Path);
        Assert.Null(first.InUse);
        Assert.Equal(first.Path, second.InUse);
    }

    [Fact]
    public void A_folder_of_a_newer_version_is_refused_untouched()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_root, "state")).FullName;
        File.WriteAllText(Path.Combine(folder, "version"), "99");

        var problem = Assert.Throws<DistributedApplicationException>(() => Open("state"));

        Assert.Contains("was written by a newer AiInfra (layout 99", problem.Message, StringComparison.Ordinal);
        Assert.Equal("99", File.ReadAllText(Path.Combine(folder, "version")));
        Assert.False(StateFolder.IsInUse(folder));
    }

    [Fact]
    public void Secrets_are_made_once_kept_and_readable_by_their_owner_alone()
    {
        string key;
        using (var first = Open("state"))
        {
            key = new GeneratedSecrets(first).GetOrCreate("api-key", GeneratedSecrets.ApiKey);
        }

        using var second = Open("state");
        var secrets = new GeneratedSecrets(second);

        Assert.Matches("^sk-[0-9a-f]{64}$", key);
        Assert.Equal(key, secrets.GetOrCreate("api-key", GeneratedSecrets.ApiKey));
        Assert.NotEqual(key, secrets.GetOrCreate("admin-key", GeneratedSecrets.ApiKey));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(secrets.Path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(second.Path));
        }
    }

    private StateFolder Open(string name) =>
        StateFolder.Open(new ConfigurationBuilder().AddInMemoryCollection([new("AppHost:State", Path.Combine(_root, name))]).Build(), "/nowhere");
}
