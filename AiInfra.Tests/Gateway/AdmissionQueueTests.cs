using AiInfra.Gateway.Admission;

namespace AiInfra.Tests.Gateway;

public sealed class AdmissionQueueTests
{
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    [Fact]
    public void Up_to_the_limit_requests_pass_then_they_wait_then_they_are_refused()
    {
        var queue = new AdmissionQueue(maxQueued: 2);

        Assert.Equal(
            [AdmissionVerdict.Admitted, AdmissionVerdict.Admitted, AdmissionVerdict.Queued, AdmissionVerdict.Queued, AdmissionVerdict.Refused],
            Enumerable.Range(0, 5).Select(_ => queue.Arrive(Ticket("a"), limit: 2, TimeSpan.Zero)));
    }

    [Fact]
    public void A_higher_priority_goes_first()
    {
        var queue = Full(out var running);
        var (low, high) = (Ticket("a", priority: 0), Ticket("a", priority: 5));
        queue.Arrive(low, 1, TimeSpan.Zero);
        queue.Arrive(high, 1, TimeSpan.Zero);

        Assert.Equal([high, low], Drain(queue, running));
    }

    [Fact]
    public void Tenants_share_by_work_and_not_by_number_of_requests()
    {
        var queue = Full(out var running);
        for (var i = 0; i < 40; i++)
        {
            queue.Arrive(Ticket("long", work: 4000), 1, TimeSpan.Zero);
        }

        for (var i = 0; i < 160; i++)
        {
            queue.Arrive(Ticket("short", work: 1000), 1, TimeSpan.Zero);
        }

        var firstHalf = Drain(queue, running).Take(100).GroupBy(ticket => ticket.Tenant).ToDictionary(group => group.Key, group => group.Sum(ticket => ticket.Work));

        Assert.InRange(firstHalf["long"] / firstHalf["short"], 0.8, 1.25);
    }

    [Fact]
    public void A_tenant_that_floods_the_queue_does_not_delay_another_ones_single_request()
    {
        var queue = Full(out var running);
        for (var i = 0; i < 500; i++)
        {
            queue.Arrive(Ticket("flood"), 1, TimeSpan.Zero);
        }

        var single = Ticket("single");
        queue.Arrive(single, 1, TimeSpan.Zero);

        Assert.InRange(Drain(queue, running).IndexOf(single), 0, 3);
    }

    [Fact]
    public void Who_gives_up_leaves_no_trace()
    {
        var queue = Full(out var running);
        var (first, second) = (Ticket("a"), Ticket("b"));
        queue.Arrive(first, 1, TimeSpan.Zero);
        queue.Arrive(second, 1, TimeSpan.Zero);

        Assert.True(queue.Withdraw(first));
        Assert.False(queue.Withdraw(first));
        Assert.Equal([second], Drain(queue, running));
        Assert.Equal((0, 0), (queue.Queued, queue.Running));
    }

    [Fact]
    public void A_request_that_would_wait_beyond_its_deadline_is_refused_at_once()
    {
        var queue = new AdmissionQueue(100);
        var now = TimeSpan.Zero;
        var last = Ticket("a", work: 100);
        queue.Arrive(last, 1, now);
        for (var i = 0; i < 50; i++)
        {
            // One request of a hundred tokens a second.
            now += TimeSpan.FromSeconds(1);
            queue.Leave(last, now);
            last = Ticket("a", work: 100);
            queue.Arrive(last, 1, now);
        }

        for (var i = 0; i < 20; i++)
        {
            queue.Arrive(Ticket("a", work: 100), 1, now);
        }

        var hurried = Ticket("a", work: 100);
        hurried.Deadline = now + TimeSpan.FromSeconds(5);

        Assert.InRange(queue.ExpectedWait.TotalSeconds, 15, 25);
        Assert.Equal(AdmissionVerdict.Refused, queue.Arrive(hurried, 1, now));
        Assert.Equal(AdmissionVerdict.Queued, queue.Arrive(Ticket("a"), 1, now));
    }

    [Fact]
    public void Random_arrivals_leave_the_counts_right()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var queue = new AdmissionQueue(20);
            var (running, waiting) = (new List<AdmissionTicket>(), new List<AdmissionTicket>());
            for (var step = 0; step < 200; step++)
            {
                var limit = random.Next(1, 6);
                var now = TimeSpan.FromMilliseconds(step * 10);
                switch (random.Next(3))
                {
                    case 0:
                        var ticket = Ticket($"t{random.Next(4)}", random.Next(3), random.Next(1, 5000));
                        var verdict = queue.Arrive(ticket, limit, now);
                        (verdict == AdmissionVerdict.Admitted ? running : verdict == AdmissionVerdict.Queued ? waiting : []).Add(ticket);
                        break;
                    case 1 when running.Count > 0:
                        queue.Leave(running[0], now);
                        running.RemoveAt(0);
                        break;
                    case 2 when waiting.Count > 0:
                        var quitter = waiting[random.Next(waiting.Count)];
                        Assert.True(queue.Withdraw(quitter));
                        waiting.Remove(quitter);
                        break;
                }

                while (queue.Next(limit) is { } next)
                {
                    Assert.True(waiting.Remove(next));
                    running.Add(next);
                }

                Assert.Equal((running.Count, waiting.Count), (queue.Running, queue.Queued));
            }
        }
    }

    private static AdmissionTicket Ticket(string tenant, int priority = 0, double work = 500) => new(tenant, priority, work) { Deadline = Never };

    private static AdmissionQueue Full(out AdmissionTicket running)
    {
        var queue = new AdmissionQueue(1000);
        running = Ticket("first");
        queue.Arrive(running, 1, TimeSpan.Zero);
        return queue;
    }

    private static List<AdmissionTicket> Drain(AdmissionQueue queue, AdmissionTicket running)
    {
        var order = new List<AdmissionTicket>();
        for (var current = running; current is not null;)
        {
            queue.Leave(current, TimeSpan.Zero);
            current = queue.Next(1);
            if (current is not null)
            {
                order.Add(current);
            }
        }

        return order;
    }
}
