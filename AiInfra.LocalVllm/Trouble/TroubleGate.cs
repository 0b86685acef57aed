using System.Buffers;
using AiInfra.LocalVllm.Http;

namespace AiInfra.LocalVllm.Trouble;

/// <summary>Lets trouble befall requests of the generating and pooling routes.</summary>
internal sealed class TroubleGate(TroubleState state)
{
    /// <summary>Begins the trouble of a request.</summary>
    /// <returns>True when the request is done with.</returns>
    public async Task<bool> BefallAsync(HttpContext context)
    {
        if (state.Draining)
        {
            // The exception escapes vLLM's middleware, so this reply lacks its headers.
            context.Response.Headers.Remove("Vary");
            await Replies.ErrorAsync(context, ApiError.Internal("cannot schedule new futures after shutdown"));
            return true;
        }

        if (state.Take() is not { } plan)
        {
            return false;
        }

        if (plan.Kind is not (TroubleKind.Refuse or TroubleKind.Status))
        {
            context.Features.Set(plan);
        }

        switch (plan.Kind)
        {
            case TroubleKind.Refuse:
                context.Abort();
                return true;
            case TroubleKind.Status:
                await Replies.ErrorAsync(context, new ApiError(plan.Status, plan.Status switch { 429 => "Too Many Requests", 503 => "Service Unavailable", _ => "InternalServerError" }, "Trouble was asked for.", null));
                return true;
            case TroubleKind.HangBeforeHeaders:
                await ForeverAsync(context);
                return true;
            default:
                return false;
        }
    }

    /// <summary>What happens before frame <paramref name="index"/> of a stream.</summary>
    public static async ValueTask BeforeFrameAsync(HttpContext context, TroublePlan plan, int index)
    {
        switch (plan.Kind)
        {
            case TroubleKind.Slow:
                await Task.Delay(plan.Delay, context.RequestAborted);
                break;
            case TroubleKind.HangAfterHeaders:
            case TroubleKind.Silent when index >= plan.Frames:
                await ForeverAsync(context);
                break;
            case TroubleKind.Cut when index >= plan.Frames:
                await ResetAsync(context);
                throw new OperationCanceledException(context.RequestAborted);
        }
    }

    /// <summary>What happens to a whole reply whose headers are set.</summary>
    public static async Task WholeAsync(HttpContext context, TroublePlan plan, byte[] body)
    {
        switch (plan.Kind)
        {
            case TroubleKind.Slow:
                await Task.Delay(plan.Delay, context.RequestAborted);
                context.Response.BodyWriter.Write(body);
                break;
            case TroubleKind.Cut:
                await context.Response.Body.WriteAsync(body.AsMemory(0, body.Length / 2), context.RequestAborted);
                await ResetAsync(context);
                break;
            default:
                await context.Response.StartAsync(context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await ForeverAsync(context);
                break;
        }
    }

    /// <summary>Resets the connection once what was sent has had time to arrive: a reset discards what the client has not read.</summary>
    public static async Task ResetAsync(HttpContext context)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(100), context.RequestAborted);
        context.Abort();
    }

    private static Task ForeverAsync(HttpContext context) => Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
}
