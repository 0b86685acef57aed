using System.Globalization;
using System.Text.RegularExpressions;
using AiInfra.AppHost.Topology;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.Publishing;

/// <summary>Rules for <c>deploy/compose</c>, as code.</summary>
public sealed partial class ComposeTests
{
    private const string Owners = "volume-owners";

    private readonly ComposeDocument _file = ComposeDocument.Read("docker-compose.yaml");

    private IEnumerable<KeyValuePair<string, ComposeServiceText>> Running => _file.Services.Where(service => service.Key != Owners);

    [Fact]
    public void Every_service_of_the_architecture_is_there_and_no_other()
    {
        Assert.Equal(Reference.Compose.Services.Select(service => service.Name).Order(), Running.Select(service => service.Key).Order());
    }

    [Fact]
    public void Every_service_is_limited_in_cores_memory_and_log()
    {
        Assert.All(_file.Services, service => Assert.NotNull(service.Value.Deploy?.Resources.Limits?.Memory));
        Assert.All(Running, service =>
        {
            var shape = Reference.Compose[service.Key];
            var limits = service.Value.Deploy!.Resources.Limits!;
            Assert.Equal(shape.Cores.ToString(CultureInfo.InvariantCulture), limits.Cpus);
            Assert.Equal($"{shape.Megabytes}M", limits.Memory);
            Assert.Equal("20m", service.Value.Logging!.Options["max-size"]);
            Assert.Equal("unless-stopped", service.Value.Restart);
        });
    }

    [Fact]
    public void Every_service_is_shut_in()
    {
        Assert.All(_file.Services, service =>
        {
            Assert.True(service.Value.ReadOnly, service.Key);
            Assert.Equal(["ALL"], service.Value.CapDrop);
            Assert.Equal(["no-new-privileges:true"], service.Value.SecurityOpt);
        });
        Assert.All(Running, service =>
        {
            Assert.Empty(service.Value.CapAdd);
            Assert.Equal($"{Reference.Compose[service.Key].User}:{Reference.Compose[service.Key].User}", service.Value.User);
            Assert.DoesNotMatch("^(0|root)?(:|$)", service.Value.User);
        });
    }

    [Fact]
    public void The_one_container_that_is_root_sees_volumes_and_nothing_else()
    {
        var owners = _file.Services[Owners];

        Assert.Equal("none", owners.NetworkMode);
        Assert.Equal(["CHOWN"], owners.CapAdd);
        Assert.All(owners.Volumes, mount => Assert.Equal("volume", mount.Type));
        Assert.Empty(owners.Secrets);
        Assert.Equal("no", owners.Restart);
    }

    [Fact]
    public void Every_service_is_asked_whether_it_is_well_and_waited_for_until_it_is()
    {
        Assert.All(Running, service => Assert.NotEmpty(service.Value.Healthcheck!.Test));
        Assert.All(Running.SelectMany(service => service.Value.DependsOn), dependency => Assert.Equal(
            dependency.Key == Owners ? "service_completed_successfully" : "service_healthy", dependency.Value.Condition));
        Assert.Contains(Architecture.Redis, _file.Services[Architecture.Gateway].DependsOn.Keys);
    }

    [Fact]
    public void Every_image_is_pinned()
    {
        var pins = Images.All.Select(image => image.ToString()).ToHashSet();

        Assert.All(_file.Services, service => Assert.True(
            pins.Contains(service.Value.Image) || OwnImage().IsMatch(service.Value.Image), $"{service.Key}: {service.Value.Image}"));
    }

    [Fact]
    public void No_dollar_is_left_for_Compose_to_stumble_over()
    {
        var texts = _file.Services.Values.SelectMany(service => service.Command.Concat(service.Entrypoint).Concat(service.Healthcheck?.Test ?? []));

        Assert.All(texts, text => Assert.DoesNotContain("$", text.Replace("$$", "", StringComparison.Ordinal), StringComparison.Ordinal));
    }

    [Fact]
    public void Networks_are_those_that_the_arrows_need()
    {
        Assert.Equal(["data", "edge", "services"], _file.Networks.Keys.Order());
        Assert.True(_file.Networks["data"].Internal);
        Assert.All(Running, service => Assert.Equal(
            Reference.Compose.NetworksOf(service.Key).Select(zone => zone.ToString().ToLowerInvariant()), service.Value.Networks));
        Assert.Equal([Architecture.Gateway], Running.Where(service => service.Value.Networks.Contains("edge")).Select(service => service.Key));
        Assert.Equal(
            [Architecture.Chroma, Architecture.Redis],
            Running.Where(service => service.Value.Networks.SequenceEqual(["data"])).Select(service => service.Key).Order());
    }

    [Fact]
    public void Two_services_without_an_arrow_share_a_network_only_by_way_of_a_third()
    {
        // Compose knows networks, not arrows: what it cannot refuse is written down here, and grows by a decision only.
        var shared = (from one in Running
                      from other in Running
                      where string.CompareOrdinal(one.Key, other.Key) < 0
                          && one.Value.Networks.Intersect(other.Value.Networks).Contains("data")
                          && !Reference.Compose.Arrows.Any(arrow => (arrow.From, arrow.To) == (one.Key, other.Key) || (arrow.From, arrow.To) == (other.Key, one.Key))
                      select $"{one.Key}-{other.Key}").Order();

        Assert.Equal(["chroma-gateway", "chroma-redis", "chroma-redis-exporter", "gateway-redis-exporter", "memory-redis", "memory-redis-exporter"], shared);
    }

    [Fact]
    public void Only_the_gateway_is_reached_from_other_hosts()
    {
        var open = Running.SelectMany(service => service.Value.Ports.Where(port => !port.StartsWith("127.0.0.1:", StringComparison.Ordinal))
            .Select(port => $"{service.Key} {port}"));

        Assert.Equal(["gateway ${AIINFRA_ADDRESS:-0.0.0.0}:${AIINFRA_PORT:-8080}:8080"], open);
    }

    [Fact]
    public void Secrets_are_files_and_no_variable_holds_one()
    {
        var script = File.ReadAllText(Path.Combine(ComposeDocument.Folder, "make-secrets.sh"));

        Assert.All(_file.Secrets, secret => Assert.Equal($"./secrets/{secret.Key}", secret.Value.File));
        Assert.All(_file.Secrets.Keys.Where(name => !name.StartsWith("vllm", StringComparison.Ordinal)), name => Assert.Contains($"keep {name} ", script));
        Assert.All(_file.Services, service =>
        {
            Assert.All(service.Value.Environment, variable =>
            {
                Assert.DoesNotContain("${", variable.Value);
                Assert.DoesNotMatch("(?i)(password|_key|__key|token|pepper|secret)$", variable.Key);
            });
            Assert.All(service.Value.Secrets, secret => Assert.Contains(secret.Source, _file.Secrets.Keys));
        });
    }

    [Fact]
    public void Every_named_volume_is_declared_and_handed_to_the_user_that_mounts_it()
    {
        var mounts = Running.SelectMany(service => service.Value.Volumes.Where(mount => mount.Type == "volume").Select(mount => (mount, service.Value.User))).ToList();

        Assert.Equal(_file.Volumes.Keys.Order(), mounts.Select(one => one.mount.Source).Distinct().Order());
        Assert.All(mounts, one => Assert.Contains($"; own {one.User.Split(':')[0]} {one.mount.Source}", _file.Services[Owners].Command[0]));
    }

    [Fact]
    public void Every_folder_of_configuration_that_is_mounted_exists()
    {
        Assert.All(Running.SelectMany(service => service.Value.Volumes).Where(mount => mount.Type == "bind"), mount => Assert.True(mount.ReadOnly));
        Assert.All(Running.SelectMany(service => service.Value.Volumes).Where(mount => mount is { Type: "bind", Source: not "/" }), mount =>
            Assert.NotEmpty(Directory.GetFiles(Path.Combine(ComposeDocument.Folder, mount.Source), "*", SearchOption.AllDirectories)));
        Assert.Equal([Architecture.NodeExporter], Running.Where(service => service.Value.Volumes.Any(mount => mount.Source == "/")).Select(service => service.Key));
    }

    [Fact]
    public void Each_model_server_reserves_gpus_of_its_own()
    {
        var reservations = ComposeDocument.Read("docker-compose.gpu.yaml").Services
            .ToDictionary(service => service.Key, service => Assert.Single(service.Value.Deploy!.Resources.Reservations!.Devices));

        Assert.Equal(["vllm0", "vllm1"], reservations.Keys.Order());
        Assert.All(reservations.Values, device => Assert.Equal(["gpu"], device.Capabilities));
        Assert.Equal(["0", "1"], reservations.Values.SelectMany(device => device.DeviceIds).Order());
    }

    [Fact]
    public void A_server_is_killed_later_than_it_gives_up()
    {
        var gateway = _file.Services[Architecture.Gateway];
        var vllm = _file.Services["vllm0"];

        Assert.True(Seconds(gateway.StopGracePeriod!) > int.Parse(gateway.Environment["DOTNET_SHUTDOWNTIMEOUTSECONDS"], CultureInfo.InvariantCulture));
        Assert.True(Seconds(vllm.StopGracePeriod!) > int.Parse(vllm.Command[vllm.Command.IndexOf("--shutdown-timeout") + 1], CultureInfo.InvariantCulture));
    }

    [Fact]
    public void No_file_that_is_published_holds_LocalVllm_or_a_key()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(RepositoryPaths.Root, "deploy"), "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}secrets{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && !file.EndsWith(".sh", StringComparison.Ordinal) && !file.EndsWith(".md", StringComparison.Ordinal)))
        {
            var text = File.ReadAllText(file);
            Assert.DoesNotContain("LocalVllm", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotMatch("sk-[0-9a-f]{32}", text);
        }
    }

    private static int Seconds(string text) => int.Parse(text.TrimEnd('s'), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\$\{(GATEWAY|MEMORY)_IMAGE:-aiinfra/(gateway|memory):\d+\.\d+\.\d+\}$")]
    private static partial Regex OwnImage();
}
