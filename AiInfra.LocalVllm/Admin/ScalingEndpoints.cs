using AiInfra.LocalVllm.Http;

namespace AiInfra.LocalVllm.Admin;

/// <summary>Elastic scaling, open without a key on every generating server, and the two questions about a system's state: one engine is all there is.</summary>
internal static class ScalingEndpoints
{
    public static void Map(RouteTable routes, bool generating)
    {
        routes.Map("POST", "/v1/systemone", SystemOneAsync);
        if (!generating)
        {
            return;
        }

        routes.Map("POST", "/is_scaling_elastic_ep", context => Replies.JsonAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("is_scaling_elastic_ep", false);
            json.WriteEndObject();
        }));
        routes.Map("POST", "/scale_elastic_ep", ScaleAsync);
    }

    private static async Task ScaleAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        body.Required("new_data_parallel_size");
        var size = body.Integer("new_data_parallel_size");
        body.Issues.ThrowIfAny();
        await Replies.JsonAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("message", $"Scaled to {size} data parallel engines");
            json.WriteEndObject();
        });
    }

    private static async Task SystemOneAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        body.Required("state");
        body.Required("questions");
        body.Issues.ThrowIfAny();
        throw ApiError.BadRequest("This model does not support the systemone task.", null);
    }
}
