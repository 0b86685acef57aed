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
    public void What_running_requests_use_is_never_given_up()
    {
        var index = new PrefixIndex();
        var held = index.Take([1, 2, 3, 4], 6);
        index.Touch([10, 11, 12], 6);
        index.Touch([20, 21], 6);

        Assert.Equal((4, 4, 2, 0), (held, index.Match([1, 2, 3, 4]), index.Match([20, 21]), index.Match([10, 11])));

        index.Release([1, 2, 3, 4]);
        index.Touch([30, 31, 32, 33], 6);

        Assert.Equal((2, 0, 4), (index.Match([1, 2, 3, 4]), index.Match([20, 21]), index.Match([30, 31, 32, 33])));
    }

    [Fact]
    public void Runs_of_blocks_behave_like_single_blocks_in_an_engines_cache()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var (index, blocks, running) = (new PrefixIndex(), new OneByOne(), new List<ulong[]>());
            for (var step = 0; step < 60; step++)
            {
                if (running.Count > 0 && random.Next(3) == 0)
                {
                    var done = running[random.Next(running.Count)];
                    running.Remove(done);
                    index.Release(done);
                    blocks.Release(done);
                }
                else
                {
                    var chain = Chain(random);
                    var taken = index.Take(chain, Capacity);
                    Assert.Equal(taken, blocks.Take(chain));
                    running.Add(chain[..taken]);
                }

                var asked = Chain(random);
                Assert.True(
                    (blocks.Match(asked), blocks.Count, blocks.InUse) == (index.Match(asked), index.Count, index.InUse), $"seed {seed}, step {step}");
            }
        }
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

    private const int Capacity = 24;

    // Prefixes that branch: each block's number says which way was taken up to it.
    private static ulong[] Chain(Random random)
    {
        var chain = new ulong[random.Next(1, 12)];
        var state = (ulong)random.Next(3) + 1;
        for (var i = 0; i < chain.Length; i++)
        {
            chain[i] = state = (state * 31) + (ulong)(i % 3 == 2 ? random.Next(2) : 0);
        }

        return chain;
    }

    /// <summary>The same by single blocks, as an engine keeps them.</summary>
    private sealed class OneByOne
    {
        private readonly Dictionary<ulong, int> _users = [];
        private readonly List<ulong> _free = [];

        public int Count => _users.Count;

        public int InUse => _users.Count - _free.Count;

        public int Match(ulong[] chain) => chain.TakeWhile(_users.ContainsKey).Count();

        public int Take(ulong[] chain)
        {
            var taken = Math.Clamp(Capacity - InUse, 0, chain.Length);
            foreach (var block in chain[..taken])
            {
                _users[block] = _users.GetValueOrDefault(block) + 1;
                _free.Remove(block);
            }

            while (Count > Capacity && _free.Count > 0)
            {
                _users.Remove(_free[0]);
                _free.RemoveAt(0);
            }

            return taken;
        }

        public void Release(ulong[] chain)
        {
            foreach (var block in chain.Reverse())
            {
                if (--_users[block] == 0)
                {
                    _free.Add(block);
                }
            }
        }
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
