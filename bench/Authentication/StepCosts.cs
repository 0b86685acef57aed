using System.Diagnostics;
using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Policies;
using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Usage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.Bench.Authentication;

/// <summary>What each step costs by itself, without sockets: median over batches, and allocations per step.</summary>
internal sealed class StepCosts(MeasuredGateway gateway, CancellationToken cancellationToken)
{
    private const int Batches = 41;
    private const int PerBatch = 500;

    /// <summary>Whose key it is and whether the path may be called.</summary>
    public Task<(double Microseconds, double Bytes)> AuthenticationAsync(string credential)
    {
        var callers = gateway.App.Services.GetRequiredService<Callers>();
        return MedianAsync(async () =>
        {
            // As a server does it: a scope a request, for a scheme answers once in each.
            using var scope = gateway.App.Services.CreateScope();
            var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
            context.Request.Method = "POST";
            context.Request.Path = "/v1/chat/completions";
            context.Request.Headers.Authorization = $"Bearer {credential}";
            await callers.FindAsync(context);
        });
    }

    /// <summary>The decision on one model.</summary>
    public Task<(double Microseconds, double Bytes)> PolicyAsync()
    {
        var policies = gateway.App.Services.GetRequiredService<PolicyStore>();
        var caller = new Caller("bench", "bench", "bench");
        return MedianAsync(() =>
        {
            policies.Current.Decide(caller, "/v1/chat/completions", "tiny", null, null);
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>Reservation, journal and settlement in all the limits of the policy.</summary>
    public Task<(double Microseconds, double Bytes)> LimitsAsync()
    {
        var limits = gateway.App.Services.GetRequiredService<LimitService>();
        var policies = gateway.App.Services.GetRequiredService<PolicyStore>();
        var caller = new Caller("bench", "bench", "bench");
        var who = new UsageRecord("bench", "bench", "bench", "tiny") { PromptTokens = 37, CompletionTokens = 8 };
        return MedianAsync(async () =>
        {
            var demands = policies.Current.PolicyOf(caller)!.DemandsOf(caller, 400, 400);
            var answer = await limits.ReserveAsync("bench", demands, limits.Usage.NameOf(who, 400), false, cancellationToken);
            limits.Settle(answer.Ticket!, who);
        });
    }

    private static async Task<(double Microseconds, double Bytes)> MedianAsync(Func<ValueTask> step)
    {
        var (times, bytes) = (new List<double>(), new List<double>());
        for (var batch = -5; batch < Batches; batch++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < PerBatch; i++)
            {
                await step();
            }

            if (batch >= 0)
            {
                times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds / PerBatch);
                bytes.Add((GC.GetTotalAllocatedBytes(precise: true) - before) / (double)PerBatch);
            }
        }

        return (times.Order().ElementAt(Batches / 2), bytes.Order().ElementAt(Batches / 2));
    }
}
