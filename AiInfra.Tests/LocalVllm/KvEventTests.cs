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
        var settings = new KvEventsSettings { Enabled = true, Endpoint = $"tcp://*:{port}", ReplayEndpoint = $"tcp://*:{replayPort}", Topic = "kv-events" };
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
            ["type", "block_hashes", "parent_block_hash", "token_ids", "block_size", "lora_id", "medium", "lora_name", "extra_keys", "group_idx", "kv_cache_spec_kind"],
            stored.Keys);
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
        var batch = MessagePackSerializer.Deserialize<object[]>(payload, MessagePackSerializerOptions.Standard.WithResolver(MessagePack.Resolvers.PrimitiveObjectResolver.Instance), TestContext.Current.CancellationToken);
        Assert.Equal(3, batch.Length);
        return [.. ((object[])batch[1]).Cast<Dictionary<object, object>>().Select(item => item.ToDictionary(entry => (string)entry.Key, entry => entry.Value))];
    }
}
