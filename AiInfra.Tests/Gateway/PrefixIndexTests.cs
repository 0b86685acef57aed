using System.Text;
using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Routing;

namespace AiInfra.Tests.Gateway;

public sealed class PrefixIndexTests
{
    [Fact]
    public void The_end_of_the_least_recently_used_prompt_goes_first()
    {
        var index = new PrefixIndex();
        index.Touch([1, 2, 3, 4], 6);
        index.Touch([10, 11], 6);
        index.Touch([20, 21], 6);

        Assert.Equal(6, index.Count);
        Assert.Equal(2, index.Match([1, 2, 3, 4]));
        Assert.Equal(2, index.Match([10, 11, 12]));

        index.Touch([1, 2], 6);
        index.Touch([30, 31, 32], 6);

        Assert.Equal(2, index.Match([1, 2, 3]));
        Assert.Equal(0, index.Match([10, 11]));
        Assert.Equal(1, index.Match([20, 21]));
    }

    [Fact]
    public void A_prompt_longer_than_the_cache_keeps_its_beginning()
    {
        var index = new PrefixIndex();
        index.Touch([1, 2, 3, 4, 5], 3);

        Assert.Equal(3, index.Match([1, 2, 3, 4, 5]));
    }

    [Fact]
    public void The_next_turn_begins_with_the_prompt_and_the_answer_however_the_client_escapes_them()
    {
        var question = string.Concat(Enumerable.Repeat("What is ä? ", 60));
        var answer = string.Concat(Enumerable.Repeat("Ein Umlaut.\n", 60));
        var first = Read($$"""{"model":"m","tools":[{"a":1}],"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"{{question}}"}]}""");
        var prompt = first.Blocks();
        PromptReader.BeginAnswer(first);
        PromptReader.AddString(Encoding.UTF8.GetBytes($"\"{answer.Replace("\n", "\\n", StringComparison.Ordinal)}\",\"more\":1"), first);
        var known = first.Blocks();

        var next = Read($$"""
            { "messages": [ {"content": "Be kind.", "role": "system"}, {"role":"user","content":[{"type":"text","text":"{{question.Replace("ä", "\\u00e4", StringComparison.Ordinal)}}"}]},
              {"role":"assistant","content":"{{answer.Replace("\n", "\\u000a", StringComparison.Ordinal)}}","refusal":null}, {"role":"user","content":"And more?"} ], "tools":[{"a":1}], "model":"m" }
            """).Blocks();

        Assert.True(prompt.Length >= 2 && known.Length > prompt.Length);
        Assert.True(known.Span.SequenceEqual(next.Span[..known.Length]));
    }

    [Fact]
    public void Other_roles_tools_images_and_texts_begin_other_chains()
    {
        var text = new string('x', 600);
        var chains = new[]
        {
            Read($$"""{"messages":[{"role":"user","content":"{{text}}"}]}"""),
            Read($$"""{"messages":[{"role":"system","content":"{{text}}"}]}"""),
            Read($$"""{"tools":[1],"messages":[{"role":"user","content":"{{text}}"}]}"""),
            Read($$"""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:x"} },{"type":"text","text":"{{text}}"}]}]}"""),
            Read($$"""{"messages":[{"role":"user","name":"a","content":"y{{text}}"}]}"""),
        };

        Assert.Equal(chains.Length, chains.Select(chain => chain.Blocks().Span[0]).Distinct().Count());
    }

    private static PromptChain Read(string json)
    {
        var body = Encoding.UTF8.GetBytes(json);
        Assert.Null(RequestPeek.TryRead(body, new MediaHosts([]), out var peek));
        var chain = new PromptChain(42, 100);
        PromptReader.Read(body, peek, chain);
        return chain;
    }
}
