namespace AiInfra.AppHost.Planning;

/// <summary>Bytes of one recurrent state on one rank, as vLLM shapes it: a convolution's tail and the recurrent matrix.</summary>
internal static class StateLayout
{
    public static long Bytes(StateShape state, int tensor, int draftTokens, int elementBytes)
    {
        long stateBytes = state.StateElementBytes > 0 ? state.StateElementBytes : elementBytes;
        long tail = state.Kernel - 1;
        switch (state.Kind)
        {
            case StateKind.GatedDelta:
                var convolved = (2L * state.KeyHeads * state.KeyHeadSize) + ((long)state.ValueHeads * state.ValueHeadSize);
                return (convolved / tensor * (tail + draftTokens) * elementBytes)
                    + ((long)state.ValueHeads / tensor * state.ValueHeadSize * state.KeyHeadSize * stateBytes);
            case StateKind.Mamba2:
                // Groups that do not divide among ranks are replicated beside the heads that need them.
                var groups = state.KeyHeads % tensor == 0 ? state.KeyHeads : tensor;
                var width = state.InnerSize + (2L * groups * state.KeyHeadSize);
                return (width / tensor * (tail + draftTokens) * elementBytes)
                    + ((long)state.ValueHeads / tensor * state.ValueHeadSize * state.KeyHeadSize * stateBytes);
            case StateKind.Mamba1:
                return (long)state.InnerSize / tensor * ((tail * elementBytes) + (state.KeyHeadSize * stateBytes));
            case StateKind.ShortConvolution:
                return (long)state.InnerSize / tensor * tail * elementBytes;
            case StateKind.DeltaAttention:
                return ((long)state.ValueHeads * state.ValueHeadSize / tensor * tail * elementBytes * 3)
                    + ((long)state.ValueHeads / tensor * state.ValueHeadSize * state.ValueHeadSize * stateBytes);
            default:
                return (long)state.ValueHeads / tensor * state.ValueHeadSize * state.KeyHeadSize * stateBytes;
        }
    }
}
