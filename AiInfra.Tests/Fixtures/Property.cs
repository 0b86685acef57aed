using System.Globalization;
using CsCheck;

namespace AiInfra.Tests.Fixtures;

/// <summary>
/// Properties over generated cases. Every run tries the same cases, so that a change fails for what it changed;
/// <c>PROPERTY_SEED=n</c> in the environment looks at others.
/// </summary>
internal static class Property
{
    private static readonly uint Seed =
        uint.TryParse(Environment.GetEnvironmentVariable("PROPERTY_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : 1;

    public static void Holds<T>(this Gen<T> values, Func<T, bool> property, int cases)
    {
        for (var number = 0; number < cases; number++)
        {
            var value = Value(values, number);
            bool holds;
            try
            {
                holds = property(value);
            }
            catch (Exception e)
            {
                throw Failed(number, value, e);
            }

            if (!holds)
            {
                throw Failed(number, value, null);
            }
        }
    }

    public static void Holds<T>(this Gen<T> values, Action<T> property, int cases) => values.Holds(
        value =>
        {
            property(value);
            return true;
        },
        cases);

    public static void Holds<TFirst, TSecond>(this Gen<(TFirst, TSecond)> values, Func<TFirst, TSecond, bool> property, int cases) =>
        values.Holds(value => property(value.Item1, value.Item2), cases);

    public static void Holds<TFirst, TSecond, TThird>(
        this Gen<(TFirst, TSecond, TThird)> values, Func<TFirst, TSecond, TThird, bool> property, int cases) =>
        values.Holds(value => property(value.Item1, value.Item2, value.Item3), cases);

    public static async Task HoldsAsync<T>(this Gen<T> values, Func<T, Task> property, int cases)
    {
        for (var number = 0; number < cases; number++)
        {
            var value = Value(values, number);
            try
            {
                await property(value);
            }
            catch (Exception e)
            {
                throw Failed(number, value, e);
            }
        }
    }

    private static T Value<T>(Gen<T> values, int number) => values.Generate(new PCG(Seed, (ulong)number), null!, out _);

    private static InvalidOperationException Failed<T>(int number, T value, Exception? inner) =>
        new($"PROPERTY_SEED={Seed}, case {number}: {Print(value)}", inner);

    private static string Print<T>(T value) => value is System.Collections.IEnumerable and not string
        ? string.Join(", ", ((System.Collections.IEnumerable)value).Cast<object>())
        : $"{value}";
}
