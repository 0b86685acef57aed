using System.Security.Cryptography;

namespace AiInfra.LocalVllm.Generation;

/// <summary>Ids of replies.</summary>
internal static class ReplyIds
{
    /// <summary><paramref name="prefix"/> and the caller's <c>X-Request-Id</c>, its <c>request_id</c> field, or 16 random digits.</summary>
    public static string Create(string prefix, HttpContext context, string? fromBody) =>
        prefix + (context.Request.Headers["X-Request-Id"] is [{ Length: > 0 } given, ..] ? given : fromBody ?? Random());

    public static string Random() => RandomNumberGenerator.GetHexString(16, lowercase: true);
}
