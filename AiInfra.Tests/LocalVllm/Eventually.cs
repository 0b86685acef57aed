using System.Diagnostics;

namespace AiInfra.Tests.LocalVllm;

/// <summary>Waits for what a server does on its own time.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Asks until the condition holds; fails when it does not for a minute.</summary>
    public static async Task HoldsAsync(Func<Task<bool>> condition)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Limit, $"It did not happen in {Limit}.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
