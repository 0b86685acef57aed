using System.Text;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Routing;
using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Usage;

namespace AiInfra.Gateway.Forwarding;

/// <summary>A request that passed the checks: its bytes, what was seen in them, and what must change before a replica gets them.</summary>
internal sealed class PreparedRequest(ModelEndpoint endpoint, Caller caller, RequestBody body, RequestPeek peek, ByteRange formModel)
{
    public ModelEndpoint Endpoint { get; } = endpoint;

    public Caller Caller { get; } = caller;

    public RequestPeek Peek { get; } = peek;

    /// <summary>The reservation that pays for the request, once it is let in.</summary>
    public Call? Call { get; set; }

    /// <summary>True when the caller asks which way the request took, and may know.</summary>
    public bool WantsReceipt { get; init; }

    /// <summary>What keeps this request's prefix apart from others': the tenant's salt and the caller's own.</summary>
    public ulong SaltHash => Caller.Salt is null ? 0 : PromptHash.Of(Caller.Tenant) ^ PromptHash.Add(1, Peek.CacheSalt.Of(body.Bytes.Span));

    public ReadOnlyMemory<byte> Bytes => body.Bytes;

    /// <summary>The name of the model as the caller wrote it; empty when there is none.</summary>
    public ReadOnlySpan<byte> Model => formModel.IsThere ? formModel.Of(body.Bytes.Span) : Peek.Model(body.Bytes.Span);

    public static ApiError? TryPrepare(
        ModelEndpoint endpoint, Caller caller, RequestBody body, HttpRequest http, MediaHosts media, out PreparedRequest? prepared)
    {
        prepared = null;
        var formModel = default(ByteRange);
        RequestPeek? peek = null;
        var error = endpoint.IsForm
            ? MultipartPeek.TryRead(body.Bytes.Span, http.ContentType, out formModel)
            : RequestPeek.TryRead(body.Bytes.Span, media, out peek);
        error ??= endpoint.ComparesPairs ? PairPeek.TryRead(body.Bytes.Span, media, peek!.Cost) : null;
        if (error is null)
        {
            prepared = new PreparedRequest(endpoint, caller, body, peek ?? new RequestPeek(), formModel)
            {
                WantsReceipt = caller.MaySeeRoute && http.Headers.ContainsKey("x-aiinfra-route"),
            };
        }

        return error;
    }

    /// <summary>The caller's bytes with the route's own model name, the tenant's cache salt, and without what the key is not granted.</summary>
    public EditedBody BodyFor(ModelRoute route)
    {
        var edited = new EditedBody(body.Bytes);
        var edits = new List<BodyEdit>(4);
        if (formModel.IsThere)
        {
            if (!formModel.Of(body.Bytes.Span).SequenceEqual(Encoding.UTF8.GetBytes(route.ServedName)))
            {
                edits.Add(new BodyEdit(formModel, Encoding.UTF8.GetBytes(route.ServedName)));
            }
        }
        else
        {
            AddEdits(edits, route);
            edits.Sort(static (a, b) => a.Range.Start.CompareTo(b.Range.Start));
        }

        foreach (var edit in edits)
        {
            edited.Replace(edit.Range.Start, edit.Range.Length, edit.Replacement);
        }

        return edited;
    }

    private void AddEdits(List<BodyEdit> edits, ModelRoute route)
    {
        if (Peek.ModelValue.IsThere && !Model.SequenceEqual(route.ServedNameBytes.Span))
        {
            edits.Add(new BodyEdit(Peek.ModelValue, route.ServedNameJson));
        }

        if (!Caller.MayUseEngineFields)
        {
            foreach (var field in Peek.EngineFields)
            {
                edits.Add(new BodyEdit(field, default));
            }
        }

        if (Call is not null && !Peek.IsEmpty)
        {
            edits.AddRange(Call.Edits(Peek.FieldsStart));
        }

        if (Endpoint.Generates && Caller.Salt is { } salt)
        {
            edits.Add(Peek.CacheSalt.IsThere
                ? new BodyEdit(Peek.CacheSalt, salt.Combine(Peek.CacheSalt.Of(body.Bytes.Span)))
                : new BodyEdit(new ByteRange(Peek.FieldsStart, 0), Peek.IsEmpty ? salt.OnlyField : salt.FirstField));
        }
    }
}
