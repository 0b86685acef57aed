using System.Text;
using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.SmolLm2;

namespace AiInfra.Tests.SmolLm2;

/// <summary>Grammars as acceptors of whole texts, without a model.</summary>
public sealed class GrammarTests
{
    private const string Person =
        """
        {"type":"object","properties":{
          "name":{"type":"string","minLength":1,"maxLength":10},
          "age":{"type":"integer","minimum":0,"maximum":130},
          "tags":{"type":"array","items":{"enum":["a","b"]},"maxItems":2},
          "mother":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},
         "required":["name","mother"],"additionalProperties":false}
        """;

    [Theory]
    [InlineData("""{"a": [1, -2.5e3, true, null, {"b": "\u00e9\n\"x\""}]}""", true)]
    [InlineData("{}", true)]
    [InlineData("{\n  \"a\": 1,\n  \"b\": []\n}", true)]
    [InlineData("""{"ключ": "🙂"}""", true)]
    [InlineData("[]", false)]
    [InlineData("""{"a": 01}""", false)]
    [InlineData("""{"a": "\x"}""", false)]
    [InlineData("""{"a": "\ud800"}""", false)]
    [InlineData("""{"a" 1}""", false)]
    [InlineData("""{"a": 1,}""", false)]
    [InlineData("{\"a\": \"line\nbreak\"}", false)]
    [InlineData("""{"a": 1""", false)]
    public void Json_objects_are_json_objects(string text, bool isAccepted) =>
        Assert.Equal(isAccepted, Accepts(new OutputConstraint(ConstraintKind.JsonObject, ""), text));

    [Theory]
    [InlineData("""{"name": "Ada", "mother": null}""", true)]
    [InlineData("""{"name": "Ada", "age": 36, "tags": ["a", "b"], "mother": {"name": "Anne", "mother": null}}""", true)]
    [InlineData("""{"name": "Ада🙂", "age": 0, "tags": [], "mother": null}""", true)]
    [InlineData("""{"name": "", "mother": null}""", false)]
    [InlineData("""{"name": "12345678901", "mother": null}""", false)]
    [InlineData("""{"name": "Ada", "age": 131, "mother": null}""", false)]
    [InlineData("""{"name": "Ada", "age": -1, "mother": null}""", false)]
    [InlineData("""{"name": "Ada", "tags": ["a", "b", "a"], "mother": null}""", false)]
    [InlineData("""{"name": "Ada", "tags": ["c"], "mother": null}""", false)]
    [InlineData("""{"name": "Ada"}""", false)]
    [InlineData("""{"name": "Ada", "mother": null, "more": 1}""", false)]
    public void A_schema_accepts_what_fits_it(string text, bool isAccepted) =>
        Assert.Equal(isAccepted, Accepts(new OutputConstraint(ConstraintKind.JsonSchema, Person), text));

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}}}""", "{}|{\"a\": 1}|{\"b\": 2}|{\"a\": 1, \"b\": 2}", "{, }|{\"a\": 1,}|{\"b\": 1, \"a\": 2}")]
    [InlineData("""{"type":"object"}""", "{}|{\"x\": [1]}", "[]")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"boolean"}}""", "{\"x\": true, \"y\": false}", "{\"x\": 1}")]
    [InlineData("""{"type":"object","properties":{"a":{"const":5}},"required":["a"],"additionalProperties":true}""", "{\"a\": 5}|{\"a\": 5, \"z\": null}", "{}|{\"a\": 6}")]
    [InlineData("""{"type":["string","null"]}""", "\"x\"|null", "1")]
    [InlineData("""{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"items":false}""", "[\"a\", 1]", "[1, \"a\"]|[\"a\", 1, 2]")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":3}""", "[1, 2]|[1, 2, 3]", "[]|[1]|[1, 2, 3, 4]")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"maxItems":0}""", "[]", "[1]")]
    [InlineData("""{"type":"integer","exclusiveMinimum":-3,"maximum":12}""", "-2|-1|0|9|10|12", "-3|13|-0|007")]
    [InlineData("""{"type":"integer","minimum":97,"maximum":1205}""", "97|100|999|1000|1205", "96|1206|9")]
    [InlineData("""{"type":"number","minimum":0,"maximum":1}""", "0|1|0.5|0.25", "-0.1|1.1|2")]
    [InlineData("""{"type":"string","format":"date"}""", "\"2024-02-28\"", "\"2024-13-01\"|\"yesterday\"")]
    [InlineData("""{"type":"string","pattern":"^[a-z]{2,3}\\d$"}""", "\"ab1\"|\"abc9\"", "\"a1\"|\"abcd1\"|\"ab\"")]
    [InlineData("""{"type":"string","pattern":"a.c"}""", "\"xxabcyy\"|\"a\\\"c\"|\"aüc\"", "\"ac\"|\"a\"c\"")]
    [InlineData("""{"enum":["é\"x",3,null]}""", "\"é\\\"x\"|3|null", "\"e\"|4")]
    [InlineData("""{"$ref":"#/$defs/x","$defs":{"x":{"type":"boolean"}}}""", "true|false", "null")]
    [InlineData("true", "1|\"x\"|[null]", "x")]
    public void Schemas_accept_and_reject(string schema, string accepted, string rejected)
    {
        var constraint = new OutputConstraint(ConstraintKind.JsonSchema, schema);

        Assert.All(accepted.Split('|'), text => Assert.True(Accepts(constraint, text), text));
        Assert.All(rejected.Split('|'), text => Assert.False(Accepts(constraint, text), text));
    }

    [Theory]
    [InlineData("not json", "is no JSON")]
    [InlineData("3", "must be an object or true")]
    [InlineData("""{"not":{}}""", "'not'")]
    [InlineData("""{"type":"strnig"}""", "'strnig'")]
    [InlineData("""{"$ref":"#/$defs/x"}""", "#/$defs/x")]
    [InlineData("""{"type":"string","pattern":"(?=x)"}""", "look-around")]
    [InlineData("""{"type":"integer","minimum":3,"maximum":2}""", "No integer")]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}""", "No finite value")]
    [InlineData("""{"anyOf":[{"type":"string"}],"maxLength":3}""", "'maxLength' beside 'anyOf'")]
    public void What_cannot_be_kept_is_refused_with_its_reason(string schema, string reason)
    {
        var problem = Assert.Throws<GrammarException>(() => new GrammarCache().Get(new OutputConstraint(ConstraintKind.JsonSchema, schema)));

        Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(@"\d{4}-(0[1-9]|1[0-2])", "2024-12", "2024-13")]
    [InlineData("(yes|no)?", "|yes|no", "maybe|yesno")]
    [InlineData("[^a-c]+x*", "zzxx|é|🙂", "a|")]
    [InlineData(@"[\w.-]+@\w+\.(com|org)", "a.b-c@d.org", "a@b|@d.org")]
    [InlineData("(?:ab){2,3}?", "abab|ababab", "ab|abababab")]
    [InlineData("(?<n>a|b)(a*)*", "a|baaa", "c")]
    [InlineData("^a$", "a", "aa")]
    [InlineData(@"\x41\u00e9\.", "Aé.", "Aéx")]
    [InlineData("[🙂-🙃]", "🙂|🙃", "🙁")]
    [InlineData("a{500}", "", "a")]
    public void Regular_expressions_match_the_whole_text(string pattern, string accepted, string rejected)
    {
        var constraint = new OutputConstraint(ConstraintKind.Regex, pattern);

        Assert.All(accepted.Split('|').Where(text => text.Length > 0 || pattern.EndsWith('?')), text => Assert.True(Accepts(constraint, text), text));
        Assert.All(rejected.Split('|'), text => Assert.False(Accepts(constraint, text), text));
    }

    [Theory]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("[a")]
    [InlineData("*a")]
    [InlineData("a{2,1}")]
    [InlineData(@"(a)\1")]
    [InlineData("a\\")]
    [InlineData("a{99999}")]
    public void Broken_regular_expressions_are_refused(string pattern) =>
        Assert.Throws<GrammarException>(() => RegexGrammar.Whole(pattern));

    [Fact]
    public void Character_ranges_are_exact_over_all_of_unicode()
    {
        (int First, int Last)[] ranges = [('b', 0x3FF), (0x7FE, 0x1233), (0xFFF0, 0x10403)];
        var automaton = new GrammarAutomaton(GrammarText.Characters(ranges));

        for (var value = 0; value <= 0x12000; value++)
        {
            if (Rune.IsValid(value))
            {
                var isInside = ranges.Any(range => range.First <= value && value <= range.Last);
                Assert.True(isInside == Accepts(automaton, new Rune(value).ToString()), $"U+{value:X}");
            }
        }
    }

    [Fact]
    public void Random_walks_through_a_schema_end_in_time_and_parse()
    {
        var automaton = new GrammarCache().Get(new OutputConstraint(ConstraintKind.JsonSchema, Person));
        var trie = new TokenTrie(ModelFiles.Tokenizer);
        for (var seed = 0; seed < 14; seed++)
        {
            var (random, budget) = (new Random(seed), 24 + (seed % 7 * 6));
            var state = new GrammarState(automaton, trie, ModelFiles.Tokenizer);
            var text = new List<byte>();
            var token = -1;
            for (var left = budget; left > 0 && token != ModelFiles.Tokenizer.EndOfTurn; left--)
            {
                var logits = new float[ModelFiles.Tokenizer.VocabularySize];
                Array.Fill(logits, 1);
                state.Mask(logits, left);
                var allowed = Enumerable.Range(0, logits.Length).Where(id => logits[id] > 0).ToArray();
                token = allowed[random.Next(allowed.Length)];
                state.Advance(token);
                text.AddRange(ModelFiles.Tokenizer.Bytes(token));
            }

            Assert.Equal(ModelFiles.Tokenizer.EndOfTurn, token);
            using var document = JsonDocument.Parse(text.ToArray());
            Assert.True(document.RootElement.TryGetProperty("name", out _));
        }
    }

    private static bool Accepts(OutputConstraint constraint, string text) => Accepts(new GrammarCache().Get(constraint), text);

    private static bool Accepts(GrammarAutomaton automaton, string text) =>
        Encoding.UTF8.GetBytes(text).Aggregate(automaton.Start, automaton.Step).IsComplete;
}
