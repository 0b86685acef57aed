using AiInfra.MemoryService.Lexicon;
using AiInfra.MemoryService.Storage;
using AiInfra.Tests.Fixtures;
using Microsoft.Data.Sqlite;

namespace AiInfra.Tests.Memory;

public sealed class PorterStemmerTests
{
    private static readonly string[] Odd = ["café", "naïve", "Straße", "ﬁn", "don't", "x86_64", "C++", "日本語 text", "ÅNGSTRÖM", "e\u0301clair", "co-operate", "½ cup", "ion", "tion", "sky", "being", "sses", "ies"];

    [Fact]
    public void Words_and_stems_equal_those_of_FTS5()
    {
        var texts = File.ReadAllLines(Path.Combine(RepositoryPaths.Models("all-minilm-l6-v2"), "vocab.txt"))
            .Where(word => word.Length > 0 && word[0] != '[').Concat(Odd).ToList();
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.At(""));
        using var connection = SqliteConnections.Open(folder.At("words.db"), readOnly: false);
        connection.Execute("CREATE VIRTUAL TABLE f USING fts5(t, tokenize = 'porter unicode61'); CREATE VIRTUAL TABLE v USING fts5vocab(f, 'instance');");
        using (var transaction = connection.BeginTransaction())
        {
            for (var i = 0; i < texts.Count; i++)
            {
                connection.Run("INSERT INTO f (rowid, t) VALUES ($1, $2)", i, texts[i]);
            }

            transaction.Commit();
        }

        var expected = ReadTerms(connection, texts.Count);
        var differences = Enumerable.Range(0, texts.Count)
            .Where(i => !expected[i].SequenceEqual(Words.Of(texts[i]).Select(PorterStemmer.Stem)))
            .Select(i => $"{texts[i]}: {string.Join(' ', Words.Of(texts[i]).Select(PorterStemmer.Stem))} but {string.Join(' ', expected[i])}")
            .ToList();
        Assert.True(differences.Count == 0, $"{differences.Count} of {texts.Count}: {string.Join("; ", differences.Take(40))}");
    }

    private static List<string>[] ReadTerms(SqliteConnection connection, int count)
    {
        var terms = Enumerable.Range(0, count).Select(_ => new List<string>()).ToArray();
        using var command = connection.Command("SELECT doc, term FROM v ORDER BY doc, offset");
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            terms[reader.GetInt32(0)].Add(reader.GetString(1));
        }

        return terms;
    }
}
