using System.Buffers.Binary;
using AiInfra.LocalVllm.Kv;
using AiInfra.LocalVllm.Scheduling;
using AiInfra.Tests.Fixtures;
using MessagePack;
using NetMQ;
using NetMQ.Sockets;

namespace AiInfra.Tests.LocalVllm;

public sealed class KvEventTests
{
    [Fact]
    public void Blocks_are_published_and_replayed_in_vLLMs_format()
    {
        var (port, replayPort) = (FreePorts.Next(), FreePorts.Next());
        var settings = new KvEventsSettings { Enabled = true, Endpoint = $"tcp://*:{port}", ReplayEndpoint = $"tcp://127.0.0.1:{replayPort}", Topic = "kv-events" };
        using var publisher = new KvEventPublisher(settings, 32, TimeProvider.System);
        var scheduler = new Scheduler(new SchedulerSettings { BlockSize = 32, BlockCount = 6 });
        publisher.Follow(scheduler);
        using var subscriber = new SubscriberSocket($">tcp://127.0.0.1:{port}");
        subscriber.Subscribe("kv-events");

        // A subscription takes a moment to arrive: blocks are stored until the first event is seen.
        NetMQMessage? message = null;
        for (var i = 0; i < 100 && !subscriber.TryReceiveMultipartMessage(TimeSpan.FromMilliseconds(100), ref message); i++)
        {
            Complete(scheduler, publisher, 1000 * i);
        }

        Assert.NotNull(message);
        Assert.Equal(3, message.FrameCount);
        Assert.Equal("kv-events", message[0].ConvertToString());
        var events = Events(message[2].Buffer);
        var stored = events.First(item => (string)item["type"] == "BlockStored");
        Assert.Equal(
            "type block_hashes parent_block_hash token_ids block_size lora_id medium lora_name extra_keys group_idx kv_cache_spec_kind", string.Join(' ', stored.Keys));
        Assert.Equal(2, ((object[])stored["block_hashes"]).Length);
        Assert.Equal(64, ((object[])stored["token_ids"]).Length);

        using var dealer = new DealerSocket($">tcp://127.0.0.1:{replayPort}");
        dealer.SendMoreFrameEmpty().SendFrame(new byte[8]);
        var replayed = new List<NetMQMessage>();
        while (replayed.Count == 0 || replayed[^1][2].BufferSize != 8 || BinaryPrimitives.ReadInt64BigEndian(replayed[^1][2].Buffer) != -1)
        {
            NetMQMessage? next = null;
            Assert.True(dealer.TryReceiveMultipartMessage(TimeSpan.FromSeconds(20), ref next));
            replayed.Add(next!);
        }

        Assert.Equal(0, BinaryPrimitives.ReadInt64BigEndian(replayed[0][2].Buffer));
        Assert.Equal(4, replayed[0].FrameCount);
        Assert.Contains(replayed[..^1].SelectMany(batch => Events(batch[3].Buffer)), item => (string)item["type"] == "BlockRemoved" || replayed.Count < 4);
    }

    [Fact]
    public void The_recorded_run_of_prompts_gives_the_recorded_events()
    {
        var scheduler = new Scheduler(new SchedulerSettings { BlockSize = 32, BlockCount = 100 });
        var batch = new KvEventBatch();
        scheduler.BlockStored = (sequence, index) => batch.Stored(sequence, index, 32);
        scheduler.BlockRemoved = batch.Removed;
        scheduler.CacheCleared = batch.Cleared;
        var (first, answer) = (Tokens(0, 70), Tokens(9000, 40));

        Assert.True(scheduler.TryResetPrefixCache());
        var cold = Run(new Sequence(first, [2]));
        var extended = Run(new Sequence([.. first, .. Tokens(700, 30)], [2]));
        var salted = Run(new Sequence(Tokens(2000, 40), [2]) { CacheSalt = "tenant-a", CacheKey = BlockHash.Text("tenant-a") });
        var chat = Run(new Sequence(Tokens(3000, 38), answer));
        var fills = Enumerable.Range(0, 4).Select(i => Run(new Sequence(Tokens(10_000 * (i + 1), 960), [2]))).ToList();

        Assert.Equal("AllBlocksCleared, BlockStored 2 blocks 64 tokens", Shape(cold));
        Assert.Equal("BlockStored 1 blocks 32 tokens", Shape(extended));
        Assert.Equal(((object[])cold[1]["block_hashes"])[1], extended[0]["parent_block_hash"]);
        Assert.Equal(["tenant-a"], (object[])((object[])salted[0]["extra_keys"])[0]);
        Assert.Equal("BlockStored 1 blocks 32 tokens, BlockStored 1 blocks 32 tokens", Shape(chat));
        Assert.All(fills[..3], fill => Assert.Equal("BlockStored 30 blocks 960 tokens", Shape(fill)));
        // The oldest blocks go first, each prompt's from its tail: 3 + 1 + 2 of the first prompts, 21 of the first fill.
        object[] kept = [.. Hashes(cold[1]), .. Hashes(extended[0])];
        object[] expected =
        [
            .. kept.Reverse(), .. Hashes(salted[0]), .. Hashes(chat[1]), .. Hashes(chat[0]), .. Hashes(fills[0][0]).Reverse().Take(21),
        ];
        Assert.Equal(expected, fills[3].SkipLast(1).SelectMany(Hashes));
        Assert.All(fills[3].SkipLast(1), removed => Assert.Equal("type block_hashes medium group_idx", string.Join(' ', removed.Keys)));
        Assert.Equal("BlockStored", fills[3][^1]["type"]);

        List<Dictionary<string, object>> Run(Sequence sequence)
        {
            var events = new List<Dictionary<string, object>>();
            scheduler.Add(sequence, 0);
            while (sequence.State != SequenceState.Finished)
            {
                scheduler.Step(0);
                events.AddRange(Events(batch.Take(0, 32)));
            }

            return events;
        }
    }

    [Fact]
    public void A_block_of_an_adapter_says_which()
    {
        var scheduler = new Scheduler(new SchedulerSettings { BlockSize = 32 });
        var batch = new KvEventBatch();
        scheduler.BlockStored = (sequence, index) => batch.Stored(sequence, index, 32);
        var sequence = new Sequence(Tokens(0, 70), [2]) { Adapter = "ad1", CacheSalt = "s", CacheKey = 1 };
        scheduler.Add(sequence, 0);
        scheduler.Step(0);

        var stored = Assert.Single(Events(batch.Take(0, 32)));

        Assert.Equal("ad1", stored["lora_name"]);
        Assert.Equal((byte)1, stored["lora_id"]);
        Assert.Equal([new object[] { "ad1", "s" }, new object[] { "ad1" }], (object[])stored["extra_keys"]);
    }

    private static int[] Tokens(int start, int count) => [.. Enumerable.Range(start, count)];

    private static object[] Hashes(Dictionary<string, object> item) => (object[])item["block_hashes"];

    private static string Shape(IEnumerable<Dictionary<string, object>> events) => string.Join(", ", events.Select(item => (item["type"] as string) switch
    {
        "BlockStored" => $"BlockStored {Hashes(item).Length} blocks {((object[])item["token_ids"]).Length} tokens",
        var type => type,
    }));

    private static void Complete(Scheduler scheduler, KvEventPublisher publisher, int start)
    {
        var sequence = new Sequence([.. Enumerable.Range(start, 70)], [2]);
        scheduler.Add(sequence, 0);
        while (sequence.State != SequenceState.Finished)
        {
            scheduler.Step(0);
            publisher.Flush();
        }
    }

    private static List<Dictionary<string, object>> Events(byte[] payload)
    {
        var options = MessagePackSerializerOptions.Standard.WithResolver(MessagePack.Resolvers.PrimitiveObjectResolver.Instance);
        var batch = (object[])MessagePackSerializer.Deserialize<object>(payload, options, TestContext.Current.CancellationToken);
        Assert.Equal(3, batch.Length);
        return [.. ((object[])batch[1]).Cast<Dictionary<object, object>>().Select(item => item.ToDictionary(entry => (string)entry.Key, entry => entry.Value))];
    }
}
