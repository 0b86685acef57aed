namespace AiInfra.Tests.Limits;

public sealed class ScheduleTests
{
    private const int Schedules = 10_000;

    [Fact]
    public void Ten_thousand_schedules_overshoot_no_limit_and_lose_nothing()
    {
        var (admitted, refused) = (0L, 0L);
        Parallel.For(0, Schedules, seed =>
        {
            var schedule = new LimitSchedule(seed);
            try
            {
                schedule.Run();
            }
            catch (Exception problem)
            {
                throw new InvalidOperationException($"Schedule {seed}: {problem.Message}", problem);
            }

            Interlocked.Add(ref admitted, schedule.Admitted);
            Interlocked.Add(ref refused, schedule.Refused);
        });

        // The schedules are worth something only if many are let in and many are not.
        Assert.InRange(admitted, Schedules * 5, long.MaxValue);
        Assert.InRange(refused, Schedules * 5, long.MaxValue);
    }
}
