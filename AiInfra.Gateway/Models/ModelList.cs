using System.Buffers;
using System.Text.Json;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Tenants;

namespace AiInfra.Gateway.Models;

/// <summary><c>GET /v1/models</c> and <c>/v1/models/{id}</c>: the catalogue, each model with what its replicas say of it.</summary>
internal sealed class ModelList(ModelCatalog catalog, TimeProvider time)
{
    private const string Prefix = "/v1/models/";

    private readonly long _started = time.GetUtcNow().ToUnixTimeSeconds();

    public IEnumerable<ApiEndpoint> Endpoints =>
    [
        new("/v1/models", [HttpMethods.Get], Dialect.OpenAi, ListAsync),
        new(Prefix, [HttpMethods.Get], Dialect.OpenAi, GetAsync, IsPrefix: true),
    ];

    private Task ListAsync(HttpContext context, ApiEndpoint endpoint, Caller caller)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "list"u8);
            json.WriteStartArray("data"u8);
            foreach (var route in catalog.Routes)
            {
                WriteCard(json, route);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return WriteAsync(context, body);
    }

    private Task GetAsync(HttpContext context, ApiEndpoint endpoint, Caller caller)
    {
        var id = context.Request.Path.Value![Prefix.Length..];
        if (catalog.Routes.FirstOrDefault(route => route.PublicName == id) is not { } found)
        {
            return context.WriteErrorAsync(endpoint.Dialect, ApiError.UnknownModel(id));
        }

        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            WriteCard(json, found);
        }

        return WriteAsync(context, body);
    }

    // The replica's own card as it came (max_model_len, owned_by: there a simulator names itself), under the public name.
    private void WriteCard(Utf8JsonWriter json, ModelRoute route)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, route.PublicName);
        if (route.Pool.FindCard(route.ServedName) is { } card)
        {
            foreach (var property in card.EnumerateObject())
            {
                if (property.Name is not ("id" or "permission"))
                {
                    property.WriteTo(json);
                }
            }
        }
        else
        {
            json.WriteString("object"u8, "model"u8);
            json.WriteNumber("created"u8, _started);
            json.WriteString("owned_by"u8, "aiinfra"u8);
        }

        json.WriteEndObject();
    }

    private static async Task WriteAsync(HttpContext context, ArrayBufferWriter<byte> body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.WrittenCount;
        await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }
}
