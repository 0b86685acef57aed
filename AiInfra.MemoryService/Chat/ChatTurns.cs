using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Context;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;
using AiInfra.MemoryService.Storage;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Chat;

/// <summary>Brings memories into a chat and keeps the user's words.</summary>
internal sealed class ChatTurns(
    MemorySearch search, MemoryStore memories, TenantDatabases databases, WordPieces pieces, IOptions<ChatOptions> options,
    IOptions<StorageOptions> storage, IOptions<SearchOptions> searches, TimeProvider time)
{
    public const string Source = "chat";
    public const int DefaultTokens = 512;

    private const int Candidates = 20;

    public async Task<ChatTurnResponse> TakeAsync(Caller caller, ChatTurnRequest request, CancellationToken cancellationToken)
    {
        var injections = new List<InjectionResponse>();
        if (request is { Read: true, Earlier.Count: > 0 })
        {
            injections = databases.Of(caller.Tenant).Read(connection => InjectionRows.Find(connection, Shelf(caller), request.Earlier));
        }

        var hasTurn = request.Turn is not null && !string.IsNullOrWhiteSpace(request.Text);
        var injection = hasTurn && request.Read ? await FindAsync(caller, request, cancellationToken) : null;
        if (request.Read)
        {
            await KeepAsync(caller, hasTurn ? request.Turn : null, injection, [.. injections.Select(earlier => earlier.Turn)], cancellationToken);
        }

        if (injection is not null)
        {
            injections.Add(injection);
        }

        // Stored after the search: no question finds itself.
        return new ChatTurnResponse(injections, hasTurn && request.Write ? await StoreAsync(caller, request, cancellationToken) : null);
    }

    /// <summary>How much a memory bears on the question, about 0 to 1: the mean of the likeness of the sentences and of their words.</summary>
    public static double Relevance(SearchTerms terms) =>
        ((terms.Dense / SearchWeights.Default.Dense) + (terms.LateInteraction / SearchWeights.Default.LateInteraction)) / 2;

    private async Task<InjectionResponse?> FindAsync(Caller caller, ChatTurnRequest request, CancellationToken cancellationToken)
    {
        var question = request.Text!;
        var filter = new SearchFilter(ExceptSessionId: request.Conversation);
        var found = await search.SearchAsync(caller, Clip(question, searches.Value.MaxQueryLength), Ranking.Hybrid, filter, Candidates, cancellationToken);
        var least = request.MinRelevance ?? options.Value.MinRelevance;
        var relevant = found.Where(hit => Relevance(hit.Terms) >= least && Tells(hit.Memory.Text, question)).ToList();
        var taken = TokenBudget.Take(relevant, request.MaxTokens ?? DefaultTokens, pieces, (_, hit) => InjectedText.Line(hit.Memory));
        return taken.Count == 0
            ? null
            : new InjectionResponse(
                request.Turn!, InjectedText.Of(taken.OrderBy(entry => entry.Hit.Memory.Attributes.Timestamp).Select(entry => entry.Line)),
                [.. taken.Select(entry => entry.Hit.Memory.Id)]);
    }

    // What the user once asked is no answer to what the user asks.
    private static bool Tells(string memory, string question)
    {
        var text = memory.AsSpan().Trim();
        return !text.Equals(question.AsSpan().Trim(), StringComparison.OrdinalIgnoreCase) && !(text.EndsWith("?") && !text.ContainsAny('.', '!', '\n'));
    }

    // What a caller who sees every domain was told is not told again to one who sees a few.
    private static string Shelf(Caller caller) =>
        caller.Domains is null ? caller.User : $"{caller.User}\n{string.Join('\n', caller.Domains.Order(StringComparer.Ordinal))}";

    private async Task KeepAsync(Caller caller, string? turn, InjectionResponse? injection, string[] seen, CancellationToken cancellationToken)
    {
        if (turn is null && seen.Length == 0)
        {
            return;
        }

        var now = time.GetUtcNow();
        await databases.Of(caller.Tenant).WriteAsync(
            connection =>
            {
                InjectionRows.Touch(connection, Shelf(caller), seen, now);
                if (injection is not null)
                {
                    InjectionRows.Put(connection, Shelf(caller), injection, now);
                    InjectionRows.Trim(connection, Shelf(caller), now - options.Value.KeepTurns, options.Value.MaxTurnsPerUser);
                }
                else if (turn is not null)
                {
                    InjectionRows.Drop(connection, Shelf(caller), turn);
                }

                return 0;
            },
            null,
            cancellationToken);
    }

    private async Task<string?> StoreAsync(Caller caller, ChatTurnRequest request, CancellationToken cancellationToken)
    {
        var memory = new CreateMemoryRequest(Clip(request.Text!, storage.Value.MaxTextLength), request.Conversation, Type: MemoryStore.MessageType, Source: Source);
        // The same turn comes again with each retry, and with each answer of a tool.
        var result = await memories.StoreAsync(caller, [memory], $"chat:{request.Turn}", cancellationToken);
        return result.Outcome == StoreOutcome.Done && result.Memories is [var stored] ? stored.Id : null;
    }

    // A long message says what it is about at its beginning, and what it wants at its end.
    private static string Clip(string text, int most) => text.Length <= most ? text : $"{text[..(most / 2)]} {text[^((most / 2) - 1)..]}";
}
