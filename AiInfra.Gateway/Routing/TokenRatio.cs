namespace AiInfra.Gateway.Routing;

/// <summary>How many bytes of a prompt make a token, learned from what replicas report; begins at the usual four.</summary>
internal sealed class TokenRatio
{
    private const double Step = 0.05;
    private double _bytesPerToken = 4;

    public double BytesPerToken => Volatile.Read(ref _bytesPerToken);

    public void Learn(long bytes, int tokens)
    {
        if (bytes > 0 && tokens > 0)
        {
            // The template adds tokens that are not in the text: short prompts would say too little.
            var seen = Math.Clamp((double)bytes / tokens, 0.5, 16);
            Volatile.Write(ref _bytesPerToken, BytesPerToken + Step * (seen - BytesPerToken));
        }
    }
}
