namespace AiInfra.MemoryService.Search;

/// <summary>
/// The rows among which every memory that a filter admits stands, from its rarest condition. A filter that leaves most rows is
/// cheaper to ask of the few memories that come to the front than of all: it gives none.
/// </summary>
internal static class FilterRows
{
    // A fifth of the rows, with four neighbours each, is as much work as all of them.
    private const int LargestShare = 5;

    /// <param name="index">The scope, locked for reading.</param>
    /// <param name="filter">What is asked for.</param>
    /// <param name="domains">Those that the caller may use; null: every one.</param>
    /// <returns>In the order of the rows; null for all of them.</returns>
    public static int[]? Of(ScopeIndex index, SearchFilter filter, IReadOnlySet<string>? domains)
    {
        var most = index.RowCount / LargestShare;
        var rarest = Rarest([.. Conditions(index.Attributes, filter), domains is null ? null : Any(domains.Select(domain => index.Attributes.With(nameof(filter.Domain), domain)))]);
        if (rarest is not null && rarest.Sum(rows => rows.Count) <= most)
        {
            return Distinct(rarest);
        }

        return filter.After is null && filter.Before is null && filter.MinConfidence is null ? null : InRange(index.Rows, filter, most);
    }

    private static IEnumerable<IReadOnlyList<int>[]?> Conditions(AttributeRows rows, SearchFilter filter)
    {
        (string Field, string? Value)[] equal =
        [
            (nameof(filter.SessionId), filter.SessionId), (nameof(filter.AgentId), filter.AgentId), (nameof(filter.Speaker), filter.Speaker), (nameof(filter.Domain), filter.Domain),
            (nameof(filter.Subdomain), filter.Subdomain), (nameof(filter.Type), filter.Type), (nameof(filter.Source), filter.Source),
        ];
        foreach (var (field, value) in equal)
        {
            yield return value is null ? null : [rows.With(field, value)];
        }

        foreach (var tag in filter.TagsAll ?? [])
        {
            yield return [rows.With(nameof(Memories.MemoryAttributes.Tags), tag)];
        }

        yield return filter.TagsAny is { Count: > 0 } any ? Any(any.Select(tag => rows.With(nameof(Memories.MemoryAttributes.Tags), tag))) : null;
        yield return filter.Metadata is { } metadata ? Metadata(rows, metadata) : null;
    }

    private static IReadOnlyList<int>[]? Metadata(AttributeRows rows, MetadataFilter filter) => Rarest(
    [
        filter.Field is { } named && filter.EqualTo is { } value ? Any([rows.WithMetadata(named, value)]) : null,
        filter.Field is { } field && filter.In is { } values ? Any(values.Select(one => rows.WithMetadata(field, one))) : null,
        .. (filter.And ?? []).Select(part => Metadata(rows, part)),
        // Any of these parts may hold: the rows of all are needed, or none can be left out.
        filter.Or is { } parts ? Any(parts.SelectMany(part => Metadata(rows, part) ?? (IEnumerable<IReadOnlyList<int>?>)[null])) : null,
    ]);

    private static IReadOnlyList<int>[]? Any(IEnumerable<IReadOnlyList<int>?> lists) =>
        lists.ToArray() is var all && Array.TrueForAll(all, list => list is not null) ? all.OfType<IReadOnlyList<int>>().ToArray() : null;

    private static IReadOnlyList<int>[]? Rarest(IEnumerable<IReadOnlyList<int>[]?> conditions) =>
        conditions.Where(lists => lists is not null).MinBy(lists => lists!.Sum(rows => (long)rows.Count));

    private static int[] Distinct(IReadOnlyList<int>[] lists)
    {
        var rows = lists.SelectMany(list => list).ToArray();
        if (lists.Length == 1)
        {
            return rows;
        }

        Array.Sort(rows);
        return [.. rows.Distinct()];
    }

    private static int[]? InRange(RowColumns rows, SearchFilter filter, int most)
    {
        var (first, last) = (filter.After?.UtcTicks ?? long.MinValue, filter.Before?.UtcTicks ?? long.MaxValue);
        // The column is rounded: a little less is let through, and the memory itself is asked.
        var confidence = (float)((filter.MinConfidence ?? 0) - 1) - 1e-6f;
        var found = new List<int>();
        for (var row = 0; row < rows.Count; row++)
        {
            if (rows.Times[row] >= first && rows.Times[row] <= last && rows.Confidences[row] >= confidence)
            {
                if (found.Count == most)
                {
                    return null;
                }

                found.Add(row);
            }
        }

        return [.. found];
    }
}
