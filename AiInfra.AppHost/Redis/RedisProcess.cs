using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.State;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiInfra.AppHost.Redis;

/// <summary>The executable form. The password goes through a file that only this user can read, never through arguments.</summary>
internal static class RedisProcess
{
    public static IResourceBuilder<IResourceWithConnectionString> Add(
        IDistributedApplicationBuilder builder, string name, int? port, IResourceBuilder<ParameterResource> password)
    {
        var redisServer = builder.Configuration.GetValue("AppHost:Redis", "auto") == "garnet" ? null : CommandLookup.Find("redis-server");
        var (server, folder) = redisServer is null ? (DotnetHost.Path, "garnet") : (redisServer, "redis");
        // Two servers, two formats of the append-only file: each keeps its own folder.
        var data = builder.State().Folder("data", folder);
        var settings = Path.Combine(data, "server.conf");
        var resource = new RedisProcessResource(name, server, data, password.Resource);
        var redis = builder.AddResource(resource).WithEndpoint(port: port, scheme: "tcp", name: RedisProcessResource.EndpointName);
        var targetPort = resource.Endpoint.Property(EndpointProperty.TargetPort);
        if (redisServer is null)
        {
            redis.WithArgs("exec", typeof(RedisProcess).Assembly.Location, GarnetHost.Verb, targetPort, settings);
        }
        else
        {
            redis.WithArgs(settings, "--port", targetPort);
        }

        var health = $"{name}_check";
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(health, _ => new RedisHealthCheck(resource), null, null));
        return redis
            .WithHealthCheck(health)
            .OnBeforeResourceStarted(async (_, _, cancellationToken) =>
            {
                var text = await password.Resource.GetValueAsync(cancellationToken);
                PrivateFile.Write(settings, redisServer is null ? text! : RedisConfiguration.Text(data, text!));
            });
    }
}
