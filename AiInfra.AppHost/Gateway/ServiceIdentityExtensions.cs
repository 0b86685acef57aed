using AiInfra.AppHost.State;

namespace Aspire.Hosting;

/// <summary>A service's own identity: a name and a secret at the gateway's token service.</summary>
internal static class ServiceIdentityExtensions
{
    /// <summary>Makes the service known to the token service: it may call <paramref name="mayCall"/>, for itself and on behalf of callers that were sent to it.</summary>
    public static IResourceBuilder<T> WithIdentityAt<T, TGateway>(this IResourceBuilder<T> service, IResourceBuilder<TGateway> gateway, string mayCall)
        where T : IResourceWithEnvironment
        where TGateway : IResourceWithEnvironment
    {
        var name = service.Resource.Name;
        var secret = service.ApplicationBuilder.AddGeneratedSecret($"{name}-secret", GeneratedSecrets.Password);
        gateway
            .WithEnvironment("Tokens__Clients__0__Id", name)
            .WithEnvironment("Tokens__Clients__0__Secret", secret)
            .WithEnvironment("Tokens__Clients__0__Audiences__0", mayCall)
            .WithEnvironment("Tokens__Clients__0__MayAct", "true");
        return service.WithEnvironment("ServiceTokens__ClientId", name).WithEnvironment("ServiceTokens__ClientSecret", secret);
    }
}
