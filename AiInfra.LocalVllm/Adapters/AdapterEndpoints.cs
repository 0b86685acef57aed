using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Models;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Adapters;

/// <summary>Loads and unloads LoRA adapters by request; the routes exist only where the environment allows it.</summary>
internal sealed class AdapterEndpoints(ServedModels models, ServeSettings settings)
{
    public void Map(RouteTable routes)
    {
        if (settings.RuntimeLora && settings.Lora)
        {
            routes.Map("POST", "/v1/load_lora_adapter", LoadAsync);
            routes.Map("POST", "/v1/unload_lora_adapter", UnloadAsync);
        }
    }

    private async Task LoadAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        body.Required("lora_name");
        body.Required("lora_path");
        var (name, path) = (body.Text("lora_name"), body.Text("lora_path"));
        var inPlace = body.Flag("load_inplace", false);
        body.Issues.ThrowIfAny();
        if (string.IsNullOrEmpty(name) || string.IsNullOrEmpty(path))
        {
            throw new ApiError(400, "InvalidUserInput", "Both 'lora_name' and 'lora_path' must be provided.", null);
        }

        if (models.Knows(name) && !inPlace)
        {
            throw new ApiError(
                400, "InvalidUserInput", $"The lora adapter '{name}' has already been loaded. If you want to load the adapter in place, set 'load_inplace' to True.", null);
        }

        if (!Directory.Exists(path))
        {
            throw ApiError.NotFound($"Loading lora {name} failed: No adapter found for {path}", null);
        }

        models.TryAdd(name, path);
        await SucceedAsync(context, $"Success: LoRA adapter '{name}' added successfully.");
    }

    private async Task UnloadAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        body.Required("lora_name");
        var name = body.Text("lora_name") ?? "";
        body.Issues.ThrowIfAny();
        if (!models.TryRemove(name))
        {
            throw ApiError.NotFound($"The lora adapter '{name}' cannot be found.", null);
        }

        await SucceedAsync(context, $"Success: LoRA adapter '{name}' removed successfully.");
    }

    // A text without a content type, as vLLM sends it.
    private static Task SucceedAsync(HttpContext context, string text)
    {
        context.Response.ContentLength = System.Text.Encoding.UTF8.GetByteCount(text);
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
