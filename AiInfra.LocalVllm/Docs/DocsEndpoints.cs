using System.Text.Json;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Docs;

/// <summary><c>/docs</c>, <c>/redoc</c> and <c>/openapi.json</c>: the routes of this server with its settings. Schemas are vLLM's own and not repeated.</summary>
internal sealed class DocsEndpoints(RouteTable routes, ServeSettings settings)
{
    // FastAPI leaves these out of its own description.
    private static readonly string[] Undescribed = ["/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"];

    public void Map(RouteTable table)
    {
        if (settings.DocsDisabled)
        {
            return;
        }

        table.Map("GET", "/docs", context => PageAsync(context, "FastAPI - Swagger UI"));
        table.Map("GET", "/redoc", context => PageAsync(context, "FastAPI - ReDoc"));
        table.Map("GET", "/openapi.json", context => Replies.JsonAsync(context, 200, Write));
    }

    private static Task PageAsync(HttpContext context, string title) => Replies.TextAsync(
        context, 200, "text/html; charset=utf-8", $"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><a href=\"/openapi.json\">/openapi.json</a></body></html>\n");

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("openapi", "3.1.0");
        json.WriteStartObject("info");
        json.WriteString("title", "FastAPI");
        json.WriteString("version", "0.1.0");
        json.WriteEndObject();
        json.WriteStartObject("paths");
        foreach (var route in routes.Routes.Where(route => !Undescribed.Contains(route.Path) && !route.Path.StartsWith("/localvllm", StringComparison.Ordinal)))
        {
            json.WriteStartObject(route.Path.Replace("{}", "{response_id}", StringComparison.Ordinal));
            foreach (var method in route.Methods.Keys)
            {
                WriteOperation(json, method, route.Path);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartObject("components");
        json.WriteStartObject("schemas");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteOperation(Utf8JsonWriter json, string method, string path)
    {
        json.WriteStartObject(method.ToLowerInvariant());
        json.WriteString("summary", $"{method} {path}");
        json.WriteString("operationId", $"{method}_{path}".ToLowerInvariant().Replace('/', '_'));
        json.WriteStartObject("responses");
        json.WriteStartObject("200");
        json.WriteString("description", "Successful Response");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
