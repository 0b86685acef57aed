using CsCheck;

namespace AiInfra.Tests.Memory;

/// <summary>Generated cases, the same in every run: what fails once fails always.</summary>
internal static class SeededCases
{
    private const ulong Seed = 20261124;

    public static IEnumerable<T> Of<T>(Gen<T> gen, int count) =>
        Enumerable.Range(1, count).Select(i => gen.Generate(new PCG((uint)i, Seed), null, out _));
}
