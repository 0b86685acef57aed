using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Simulation;

namespace AiInfra.LocalVllm.Trouble;

/// <summary>
/// <c>POST /localvllm/trouble</c> of the simulated engine, for tests: <c>{"kind": "silent", "frames": 3, "requests": 1}</c>. Kinds of requests are those of
/// <see cref="TroubleKind"/> in kebab case; kinds of the whole server are <c>hang-engine</c>, <c>kill-engine</c>, <c>abort</c>, <c>drain</c>, <c>kv-full</c>; <c>none</c> ends all but a
/// killed engine.
/// </summary>
internal sealed class TroubleEndpoint(TroubleState state, SimulatedEngine engine, IHostApplicationLifetime lifetime)
{
    public void Map(RouteTable routes) => routes.Map("POST", "/localvllm/trouble", HandleAsync);

    private async Task HandleAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        body.Required("kind");
        var kind = body.Text("kind");
        var frames = body.Integer("frames") ?? 0;
        var seconds = body.Number("seconds") ?? 0.5;
        var status = body.Integer("status") ?? 503;
        var requests = body.Integer("requests") ?? int.MaxValue;
        var exit = body.Flag("exit", false);
        var share = body.Number("share") ?? 1;
        body.Issues.ThrowIfAny();
        switch (kind)
        {
            case "none":
                state.Set(null, 0);
                state.Draining = false;
                engine.Hang(false);
                engine.Occupy(0);
                break;
            case "hang-engine":
                engine.Hang(true);
                break;
            case "kill-engine":
                engine.Kill();
                if (exit)
                {
                    _ = ExitAsync();
                }

                break;
            case "abort":
                engine.AbortAll();
                break;
            case "drain":
                state.Draining = true;
                break;
            case "kv-full":
                engine.Occupy(Math.Clamp(share, 0, 1));
                break;
            case not null when Enum.TryParse<TroubleKind>(kind.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var request):
                state.Set(new TroublePlan(request, (int)frames, TimeSpan.FromSeconds(seconds), (int)status), (int)Math.Min(requests, int.MaxValue));
                break;
            default:
                throw ApiError.BadRequest($"kind '{kind}' is not known.", "kind");
        }

        await Replies.EmptyAsync(context, 204);
    }

    // vLLM's API server outlives its engine by about 0.1 s.
    private async Task ExitAsync()
    {
        await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None);
        lifetime.StopApplication();
    }
}
