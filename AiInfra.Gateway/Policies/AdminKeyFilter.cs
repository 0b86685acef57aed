using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Policies;

/// <summary>Lets in who shows the administrators' key.</summary>
internal sealed class AdminKeyFilter(IOptions<AdminOptions> options) : IEndpointFilter
{
    private readonly byte[]? _hash = options.Value.Key is { Length: > 0 } key ? SHA256.HashData(Encoding.UTF8.GetBytes(key)) : null;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        // Hashes have one length: comparing them tells nothing of the key's.
        var shown = context.HttpContext.Request.Headers.Authorization.ToString();
        if (_hash is null || !shown.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            || !CryptographicOperations.FixedTimeEquals(_hash, SHA256.HashData(Encoding.UTF8.GetBytes(shown[7..]))))
        {
            context.HttpContext.Response.Headers.WWWAuthenticate = "Bearer";
            return TypedResults.Problem("The administrators' key is required.", statusCode: StatusCodes.Status401Unauthorized);
        }

        return await next(context);
    }
}
