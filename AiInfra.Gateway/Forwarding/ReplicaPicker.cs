using System.Buffers;
using System.Security.Cryptography;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Routing;

namespace AiInfra.Gateway.Forwarding;

/// <summary>Reads a prompt as routing sees it, and has the pool's policy choose among the replicas that may take it.</summary>
internal sealed class ReplicaPicker(RoutingPolicyTable policies, TimeProvider time)
{
    // Blocks of a conversation's beginning that say to which it belongs.
    private const int SessionBlocks = 4;
    private const int UsualAnswerTokens = 256;

    private readonly ulong _seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
    private readonly long _started = time.GetTimestamp();

    private TimeSpan Now => time.GetElapsedTime(_started);

    public RoutedPrompt Read(PreparedRequest request, ModelRoute route)
    {
        var ratio = route.Pool.TokenRatio.BytesPerToken;
        var answer = request.Peek.MaxTokens > 0 ? request.Peek.MaxTokens : UsualAnswerTokens;
        if (!request.Endpoint.Generates)
        {
            return new RoutedPrompt(null, default, request.Bytes.Length / ratio, 0, 0, ratio);
        }

        var chain = new PromptChain(_seed ^ PromptHash.Of(route.ServedName) ^ request.SaltHash, request.Bytes.Length);
        PromptReader.Read(request.Bytes.Span, request.Peek, chain);
        return new RoutedPrompt(chain, chain.Blocks(), chain.Length / ratio, answer, chain.Beginning(SessionBlocks), ratio) { WantsReceipt = request.WantsReceipt };
    }

    /// <returns>The chosen replica and what the policy noted; null when none may take the request.</returns>
    public (Replica Replica, PlacedRequest Placed)? Pick(ModelRoute route, Replica?[] tried, string? keeper, RoutedPrompt prompt)
    {
        var replicas = route.Pool.Replicas;
        var candidates = ArrayPool<RouteCandidate>.Shared.Rent(replicas.Count);
        var available = ArrayPool<Replica>.Shared.Rent(replicas.Count);
        try
        {
            var count = 0;
            for (var i = 0; i < replicas.Count; i++)
            {
                var replica = replicas[i];
                if (!replica.MayTake() || Array.IndexOf(tried, replica) >= 0 || (route.IsAdapter && !replica.Cards.ContainsKey(route.ServedName)))
                {
                    continue;
                }

                if (replica.Id == keeper)
                {
                    // Its state is there and nowhere else: nothing to choose.
                    available[0] = replica;
                    candidates[0] = CandidateOf(replica);
                    count = 1;
                    break;
                }

                available[count] = replica;
                candidates[count++] = CandidateOf(replica);
            }

            if (count == 0)
            {
                return null;
            }

            var policy = policies.Of(route.Pool.Service);
            var request = prompt.NewRequest();
            var chosen = available[policy.Pick(candidates.AsSpan(0, count), request, Now)];
            return (chosen, new PlacedRequest(policy, request, prompt, route.Pool.TokenRatio, time, _started));
        }
        finally
        {
            ArrayPool<RouteCandidate>.Shared.Return(candidates, clearArray: true);
            ArrayPool<Replica>.Shared.Return(available, clearArray: true);
        }
    }

    private static RouteCandidate CandidateOf(Replica replica)
    {
        var load = replica.Load;
        return new RouteCandidate(replica.Id, replica.InFlight, load?.Running, replica.ForeignWaiting, (long?)load?.Blocks * load?.BlockSize, replica.Restarts);
    }
}
