using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Indexing;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Export;

/// <summary>Reads memories from NDJSON, in steps of a hundred: each step is durable, a file that breaks off can be sent again.</summary>
internal sealed class MemoryImport(
    TenantDatabases databases, MemoryEmbedder embedder, ScopeIndexes indexes, OutboxSignal outbox, IOptions<StorageOptions> options, TimeProvider time)
{
    private const int StepSize = 100;
    private const int MostProblems = 100;
    private const int IdLength = 32;
    private const int LongestLine = 2 << 20;

    public async Task<ImportResponse> RunAsync(Caller caller, PipeReader lines, bool keepsWriters, CancellationToken cancellationToken)
    {
        var tally = new Tally();
        var step = new List<MemoryRecord>(StepSize);
        await foreach (var (number, line) in LinesAsync(lines, cancellationToken))
        {
            if (Read(caller, line, keepsWriters, out var problem) is { } memory)
            {
                step.Add(memory);
            }
            else
            {
                tally.Refuse(number, problem);
            }

            if (step.Count == StepSize)
            {
                await StoreAsync(caller, step, tally, cancellationToken);
                step.Clear();
            }
        }

        await StoreAsync(caller, step, tally, cancellationToken);
        return tally.Response();
    }

    private static async IAsyncEnumerable<(long Number, byte[] Line)> LinesAsync(
        PipeReader reader, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var number = 0L;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                yield return (++number, rest.Slice(0, end).ToArray());
                rest = rest.Slice(rest.GetPosition(1, end));
            }

            if (rest.Length > LongestLine)
            {
                throw new BadHttpRequestException($"Line {number + 1} is longer than {LongestLine} bytes.", StatusCodes.Status413PayloadTooLarge);
            }

            if (read.IsCompleted)
            {
                if (rest.Length > 0)
                {
                    yield return (number + 1, rest.ToArray());
                }

                reader.AdvanceTo(rest.End);
                yield break;
            }

            reader.AdvanceTo(rest.Start, rest.End);
        }
    }

    private MemoryRecord? Read(Caller caller, byte[] line, bool keepsWriters, out string problem)
    {
        ExportedMemory? read;
        try
        {
            read = JsonSerializer.Deserialize(line, ExportJson.Default.ExportedMemory);
        }
        catch (JsonException)
        {
            problem = "It is no JSON object of an exported memory.";
            return null;
        }

        if (read is not { Attributes: { } attributes } || read.Version < 1 || read.Id is not { Length: IdLength } || !read.Id.All(char.IsAsciiHexDigitLower))
        {
            problem = "It lacks an id, a version or attributes of an exported memory.";
            return null;
        }

        if (!caller.MayUse(attributes.Domain))
        {
            problem = "The caller's policy does not grant its domain.";
            return null;
        }

        var rules = MemoryRules.Broken(
            new CreateMemoryRequest(
                read.Text, attributes.SessionId, attributes.AgentId, attributes.Speaker, attributes.Timestamp, attributes.Tags, attributes.Domain, attributes.Subdomain,
                attributes.Type, attributes.Source, attributes.Confidence, attributes.Importance, Metadata: attributes.Metadata),
            options.Value);
        problem = string.Join(' ', rules.Select(rule => $"{rule.Key}: {string.Join(' ', rule.Value)}"));
        return rules.Count > 0
            ? null
            : new MemoryRecord
            {
                Id = read.Id,
                User = caller.User,
                Text = read.Text!,
                Version = read.Version,
                CreatedAt = read.CreatedAt,
                UpdatedAt = read.UpdatedAt,
                Attributes = keepsWriters ? attributes : attributes with { Writer = caller.Actor },
            };
    }

    private async Task StoreAsync(Caller caller, List<MemoryRecord> step, Tally tally, CancellationToken cancellationToken)
    {
        if (step.Count == 0)
        {
            return;
        }

        var embeddings = await embedder.EmbedAsync(step, cancellationToken);
        var changes = new List<IndexChange>();
        await databases.Of(caller.Tenant).WriteAsync(
            connection =>
            {
                if (connection.Number("SELECT memories FROM users WHERE user = $1", caller.User) + step.Count > options.Value.MaxMemoriesPerUser)
                {
                    throw new BadHttpRequestException("This user has as many memories as one may have.", StatusCodes.Status507InsufficientStorage);
                }

                for (var i = 0; i < step.Count; i++)
                {
                    Put(connection, caller, step[i], embeddings[i], tally, changes);
                }

                return 0;
            },
            _ => indexes.Apply(caller.Tenant, caller.User, changes),
            cancellationToken);
        outbox.Wake(caller.Tenant);
    }

    private void Put(SqliteConnection connection, Caller caller, MemoryRecord memory, ContextualEmbedding embedding, Tally tally, List<IndexChange> changes)
    {
        if (MemoryRows.Find(connection, caller.User, memory.Id) is var (sequence, there))
        {
            if (there.Text == memory.Text && there.Version == memory.Version && MemoryRows.Json(there.Attributes) == MemoryRows.Json(memory.Attributes))
            {
                tally.Unchanged++;
                return;
            }

            MemoryRows.Update(connection, sequence, memory);
            MemoryRows.WriteVectors(connection, sequence, embedding, embedder.Model);
            tally.Replaced++;
        }
        else
        {
            // The id may be another user's in this tenant: nobody is told, this one gets a new one.
            memory = MemoryRows.Exists(connection, memory.Id) ? memory with { Id = MemoryRecord.NewId(memory.CreatedAt) } : memory;
            sequence = MemoryRows.Insert(connection, memory, embedding, embedder.Model);
            tally.Imported++;
        }

        HistoryRows.Add(connection, memory, HistoryRows.Imported, caller.Actor, time.GetUtcNow());
        OutboxRows.Add(connection, memory.Id, OutboxRows.Upsert);
        changes.Add(new IndexChange(sequence, new IndexedMemory(
            sequence, memory.Text, memory.Attributes, memory.CreatedAt, embedding.Vector, embedding.Tokens)));
    }

    private sealed class Tally
    {
        private readonly List<RefusedLine> _problems = [];
        private long _refused;

        public long Imported { get; set; }

        public long Replaced { get; set; }

        public long Unchanged { get; set; }

        public void Refuse(long line, string problem)
        {
            _refused++;
            if (_problems.Count < MostProblems)
            {
                _problems.Add(new RefusedLine(line, problem));
            }
        }

        public ImportResponse Response() => new(Imported, Replaced, Unchanged, _refused, _problems);
    }
}
