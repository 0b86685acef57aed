using Microsoft.AspNetCore.Http.Features;

namespace AiInfra.LocalVllm.Http;

/// <summary>The path as uvicorn hands it to the application: every percent escape decoded, <c>%2f</c> too, and dots left alone.</summary>
internal static class RequestPath
{
    public static string Decode(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target.Length == 0 || target[0] != '/')
        {
            return context.Request.Path.Value ?? "";
        }

        var query = target.IndexOf('?');
        var path = query < 0 ? target : target[..query];
        return path.Contains('%') ? Uri.UnescapeDataString(path) : path;
    }
}
