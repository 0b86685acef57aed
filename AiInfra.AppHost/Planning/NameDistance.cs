namespace AiInfra.AppHost.Planning;

/// <summary>How many letters must change to make one name the other (Levenshtein), without regard to case; for "did you mean".</summary>
internal static class NameDistance
{
    public static int Between(string left, string right)
    {
        var (a, b) = (left.ToLowerInvariant(), right.ToLowerInvariant());
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        // A name that is part of the other is nearer than its length says.
        return b.Contains(a, StringComparison.Ordinal) || a.Contains(b, StringComparison.Ordinal) ? row[b.Length] / 4 : row[b.Length];
    }
}
