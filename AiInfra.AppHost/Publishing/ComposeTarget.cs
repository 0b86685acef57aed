using System.Text.Json.Nodes;
using AiInfra.AppHost.Monitoring;
using AiInfra.AppHost.Topology;
using Aspire.Hosting.Docker.Resources;
using Aspire.Hosting.Docker.Resources.ComposeNodes;
using Aspire.Hosting.Docker.Resources.ServiceNodes;

namespace AiInfra.AppHost.Publishing;

/// <summary>Docker Compose: Aspire writes services, variables and arguments; limits, health, networks, secrets and files are added here.</summary>
internal static class ComposeTarget
{
    private const string Name = "compose";

    public static void Add(IDistributedApplicationBuilder builder, Architecture architecture)
    {
        var secrets = new ComposeSecrets(builder.Resources.OfType<ParameterResource>().Where(parameter => parameter.Secret));
        builder.AddDockerComposeEnvironment(Name)
            .WithDashboard(enabled: false)
            .ConfigureComposeFile(file => Complete(file, architecture, secrets))
            // Secrets are files: what is left are the images, which deploy/README.md tells how to name.
            .ConfigureEnvFile(variables =>
            {
                foreach (var name in variables.Keys.Where(secrets.Owns).ToList())
                {
                    variables.Remove(name);
                }
            });
        PublishedOutput.AddStep(builder, Name, () => PublishedFiles.Write(architecture, MonitoringSettings.From(builder.Configuration), isKubernetes: false)
            .ToDictionary(file => $"monitoring/{file.Key}", file => file.Value)
            .Concat(GpuReservations(architecture)));
    }

    private static void Complete(ComposeFile file, Architecture architecture, ComposeSecrets secrets)
    {
        file.Networks.Clear();
        foreach (var zone in Enum.GetValues<Zone>())
        {
            // Only data has no way out: models are downloaded by the services network, answers leave by the edge.
            file.AddNetwork(new Network { Name = NetworkName(zone), Driver = "bridge", Internal = zone == Zone.Data ? true : null });
        }

        file.Volumes.Clear();
        foreach (var volume in Volumes(architecture))
        {
            file.AddVolume(new Volume { Name = volume.Name, Driver = "local" });
        }

        foreach (var service in file.Services.Values)
        {
            ComposeService.Complete(service, architecture[service.Name], architecture);
            secrets.Move(service);
        }

        secrets.Declare(file);
        file.AddService(ComposeService.VolumeOwners(architecture));
    }

    public static string NetworkName(Zone zone) => zone switch
    {
        Zone.Edge => "edge",
        Zone.Services => "services",
        _ => "data",
    };

    private static IEnumerable<DataVolume> Volumes(Architecture architecture) =>
        architecture.Services.Select(service => service.Volume).OfType<DataVolume>().DistinctBy(volume => volume.Name);

    // A file of its own, because Aspire's model of Compose knows no devices; COMPOSE_FILE in .env names both.
    private static IEnumerable<KeyValuePair<string, string>> GpuReservations(Architecture architecture)
    {
        var next = 0;
        var services = new JsonObject();
        foreach (var server in architecture.Services.Where(service => service.Gpus > 0))
        {
            var ids = Enumerable.Range(next, server.Gpus).Select(id => JsonValue.Create(id.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            next += server.Gpus;
            services[server.Name] = new JsonObject
            {
                ["deploy"] = new JsonObject
                {
                    ["resources"] = new JsonObject
                    {
                        ["reservations"] = new JsonObject
                        {
                            ["devices"] = new JsonArray(new JsonObject
                            {
                                ["driver"] = "nvidia",
                                ["device_ids"] = new JsonArray([.. ids]),
                                ["capabilities"] = new JsonArray("gpu"),
                            }),
                        },
                    },
                },
            };
        }

        if (services.Count > 0)
        {
            yield return new("docker-compose.gpu.yaml", YamlText.Write(new JsonObject { ["services"] = services }));
        }
    }
}
