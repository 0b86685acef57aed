using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiInfra.MemoryService.Chat;

/// <summary>How memories are brought into chats: section <c>Chat</c>.</summary>
public sealed class ChatOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Chat";

    /// <summary>
    /// Memories that bear on a question less than this are left out, 0 to 1. Default 0.45. It is the mean of two similarities, of the
    /// whole sentence and of its words. Raise it where chats get memories that do not bear on them: of the turns that answer a question of
    /// LoCoMo 0.45 keeps 94 % and 0.5 keeps 88 %, and of the questions that nothing answers 41 % and 18 % get something all the same.
    /// </summary>
    [Range(0.0, 1.0, ErrorMessage = "Chat:MinRelevance must be between 0 and 1.")]
    public double MinRelevance { get; set; } = 0.45;

    /// <summary>How long what was added to a turn is kept after its conversation was last seen, 1 minute to 365 days. Default 30 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00", ErrorMessage = "Chat:KeepTurns must be between 1 minute and 365 days.")]
    public TimeSpan KeepTurns { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Turns of one user that are kept, 100 to 1,000,000. Default 20,000; beyond it those seen longest ago go.</summary>
    [Range(100, 1_000_000, ErrorMessage = "Chat:MaxTurnsPerUser must be between 100 and 1,000,000.")]
    public int MaxTurnsPerUser { get; set; } = 20_000;
}

[OptionsValidator]
internal sealed partial class ChatOptionsValidator : IValidateOptions<ChatOptions>;
