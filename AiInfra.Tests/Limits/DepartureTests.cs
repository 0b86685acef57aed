using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Usage;
using AiInfra.Tests.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.Tests.Limits;

/// <summary>Callers who leave while their request waits for room.</summary>
[Collection(RedisGroup.Name)]
public sealed class DepartureTests(RedisServer redis)
{
    private const int Places = 2;

    private static readonly MeterRule Running = new(MeterUnit.Running, MeterSpan.Now, Places);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_leave_no_reservation_behind()
    {
        await using var gateway = await LimitedGateway.StartAsync(redis, "--Limits:WaitForOthers=00:00:05");
        var limits = gateway.Server.App.Services.GetRequiredService<LimitService>();

        await Task.WhenAll(Enumerable.Range(0, 16).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (var call = 0; call < 100; call++)
            {
                using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
                leaving.CancelAfter(TimeSpan.FromMilliseconds(random.Next(4)));
                await CallAsync(limits, gateway.Tenant, random.Next(3), leaving.Token);
            }
        })));

        // As many as there are places are let in together again.
        await WaitUntil.TrueAsync(async () =>
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, Places).Select(_ => ReserveAsync(limits, gateway.Tenant, Cancelled)));
            foreach (var answer in answers.Where(answer => answer.Ticket is not null))
            {
                limits.Settle(answer.Ticket!, new UsageRecord(gateway.Tenant, "k", "u", "m"));
            }

            return answers.All(answer => answer.Ticket is not null);
        }, Cancelled);
    }

    private static async Task CallAsync(LimitService limits, string tenant, int milliseconds, CancellationToken leaving)
    {
        try
        {
            if ((await ReserveAsync(limits, tenant, leaving)).Ticket is { } ticket)
            {
                await Task.Delay(milliseconds, Cancelled);
                limits.Settle(ticket, new UsageRecord(tenant, "k", "u", "m"));
            }
        }
        catch (OperationCanceledException) when (!Cancelled.IsCancellationRequested)
        {
            // It left.
        }
    }

    private static Task<LimitAnswer> ReserveAsync(LimitService limits, string tenant, CancellationToken leaving) =>
        limits.ReserveAsync(tenant, [new Demand("tenant", Running, 1)], new ReservedFor("2026-01-01", "k|u|m", 1), false, leaving).AsTask();
}
