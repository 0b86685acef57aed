namespace AiInfra.LocalVllm.Trouble;

/// <summary>The trouble that is switched on, if any.</summary>
internal sealed class TroubleState
{
    private readonly Lock _gate = new();
    private TroublePlan? _plan;
    private int _left;

    /// <summary>New generating requests are refused with 500 as by a server that drains, while health pages stay 200.</summary>
    public bool Draining { get; set; }

    /// <param name="plan">Null switches trouble off.</param>
    /// <param name="requests">How many requests it befalls.</param>
    public void Set(TroublePlan? plan, int requests)
    {
        lock (_gate)
        {
            (_plan, _left) = (plan, requests);
        }
    }

    /// <summary>The trouble of a new request, or null.</summary>
    public TroublePlan? Take()
    {
        if (_plan is null)
        {
            return null;
        }

        lock (_gate)
        {
            return _plan is not null && _left-- > 0 ? _plan : null;
        }
    }
}
