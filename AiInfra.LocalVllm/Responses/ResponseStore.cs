using AiInfra.LocalVllm.Http;

namespace AiInfra.LocalVllm.Responses;

/// <summary>Keeps the newest responses in memory (vLLM keeps all for ever).</summary>
internal sealed class ResponseStore
{
    private const int Capacity = 10_000;
    private readonly Dictionary<string, StoredResponse> _byId = [];
    private readonly Queue<string> _order = [];
    private readonly Lock _gate = new();

    public void Add(StoredResponse response)
    {
        lock (_gate)
        {
            if (_byId.TryAdd(response.Request.Text.Id, response))
            {
                _order.Enqueue(response.Request.Text.Id);
            }

            while (_order.Count > Capacity)
            {
                _byId.Remove(_order.Dequeue());
            }
        }
    }

    public StoredResponse? Find(string id)
    {
        lock (_gate)
        {
            return _byId.GetValueOrDefault(id);
        }
    }

    public static ApiError NotFound(string id) =>
        new(404, "invalid_request_error", $"Response with id '{id}' not found.", id.Length > 0 ? "response_id" : null);
}
