namespace AiInfra.MemoryService.Search;

/// <summary>Which memories a search may find. It plays no part in any statistic, and so in no score.</summary>
/// <param name="Admits">Asked of those that come to the front.</param>
/// <param name="Among">Rows among which all stand that may be found, in ascending order; null: all rows.</param>
internal readonly record struct Admission(Func<IndexedMemory, bool> Admits, int[]? Among = null)
{
    public static readonly Admission Everything = new(_ => true);
}
