using AiInfra.LocalVllm.Generation;
using AiInfra.LocalVllm.Tools;

namespace AiInfra.LocalVllm.Responses;

/// <summary>A response in the making or done.</summary>
internal sealed class StoredResponse(ResponseRequest request, long createdAt)
{
    public ResponseRequest Request => request;

    public long CreatedAt => createdAt;

    public string MessageId { get; } = $"msg_{ReplyIds.Random()}";

    /// <summary><c>queued</c>, <c>in_progress</c>, <c>completed</c>, <c>incomplete</c>, <c>cancelled</c> or <c>failed</c>.</summary>
    public string Status { get; set; } = "in_progress";

    public string Text { get; private set; } = "";

    public IReadOnlyList<ToolCall> Calls { get; private set; } = [];

    public Usage? Usage { get; private set; }

    /// <summary>Stops a background response.</summary>
    public CancellationTokenSource Cancellation { get; } = new();

    public void Complete(CompletedChoice choice)
    {
        var (content, calls) = request.ToolChoice.Parse ? HermesParser.Parse(choice.Text) : (choice.Text, []);
        (Text, Calls) = (content ?? "", calls);
        Usage = Generation.Usage.Of(request.Text, [choice]);
        Status = choice.Finish == Engine.FinishReason.Length ? "incomplete" : "completed";
    }
}
