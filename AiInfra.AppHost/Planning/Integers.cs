namespace AiInfra.AppHost.Planning;

/// <summary>Whole-number arithmetic as vLLM does it.</summary>
internal static class Integers
{
    public static long CeilingDivide(long value, long divisor) => value <= 0 ? 0 : (value + divisor - 1) / divisor;

    public static int CeilingDivide(int value, int divisor) => value <= 0 ? 0 : (value + divisor - 1) / divisor;

    public static long RoundUp(long value, long multiple) => CeilingDivide(value, multiple) * multiple;

    public static long LeastCommonMultiple(long left, long right) => left / GreatestCommonDivisor(left, right) * right;

    private static long GreatestCommonDivisor(long left, long right) => right == 0 ? left : GreatestCommonDivisor(right, left % right);
}
