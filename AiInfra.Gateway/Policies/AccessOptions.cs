namespace AiInfra.Gateway.Policies;

/// <summary>
/// Who may do what, and how much of it: section <c>Access</c>, or the same as one JSON document through the admin API. What no policy
/// grants is denied. Changes take effect while running.
/// </summary>
public sealed class AccessOptions
{
    public const string Section = "Access";

    /// <summary>Counts the document's changes; the admin API refuses a change that was not made to the present one.</summary>
    public int Version { get; set; }

    /// <summary>The policies by name. Without any, <c>default</c> grants everything but acting for others, without limits.</summary>
    public IDictionary<string, PolicyOptions> Policies { get; } = new Dictionary<string, PolicyOptions>(StringComparer.Ordinal);

    /// <summary>Which policy a role or group claim of a token stands for; the first in the token's order that is named here decides.</summary>
    public IDictionary<string, string> Roles { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Prices by model name, for budgets in money.</summary>
    public IDictionary<string, PriceOptions> Prices { get; } = new Dictionary<string, PriceOptions>(StringComparer.Ordinal);
}

/// <summary>What one kind of caller may do.</summary>
public sealed class PolicyOptions
{
    /// <summary>Paths that may be called: exact, or a beginning and <c>*</c>. Default: none.</summary>
    public IList<string> Endpoints { get; } = [];

    /// <summary>Public model names that may be used; <c>*</c> is every one. Default: none.</summary>
    public IList<string> Models { get; } = [];

    /// <summary>
    /// What may be done with memories: <c>read</c> (get, list, search), <c>write</c> (store, change, delete one), <c>erase</c> (everything of
    /// a user), <c>admin</c> (rebuild, backup). Default: none.
    /// </summary>
    public IList<string> Memory { get; } = [];

    /// <summary>Memory domains that may be used, names without blanks; <c>*</c> is every one. Default: every one.</summary>
    public IList<string> Domains { get; } = [];

    /// <summary>
    /// What a chat call without <c>x-aiinfra-memory</c> does with memories: <c>read</c>, <c>write</c>, <c>readwrite</c>, as far as
    /// <see cref="Memory"/> grants it. Default: nothing.
    /// </summary>
    public string ChatMemory { get; set; } = "";

    /// <summary>True lets the caller name an end user of its tenant in <c>x-aiinfra-user</c>. Default false.</summary>
    public bool ActFor { get; set; }

    /// <summary>Rank in the queue, -100 (last) to 100 (first). Default 0.</summary>
    public int Priority { get; set; }

    /// <summary>Completion tokens for a call that asks for no number, 1 to 1,000,000. Default 1024. Applies where tokens are limited.</summary>
    public int DefaultMaxTokens { get; set; } = 1024;

    /// <summary>Tokens that one image, audio or video part may become at most, for the upper bound. Default 4096.</summary>
    public int TokensPerMedia { get; set; } = 4096;

    /// <summary>While Redis is away: <c>reject</c> (default), or <c>local</c>: go on with the share that this gateway holds.</summary>
    public string WhenStoreIsAway { get; set; } = "reject";

    /// <summary>The limits. All of them hold.</summary>
    public IList<LimitSetOptions> Limits { get; } = [];
}

/// <summary>Limits that are counted together. A figure that is not set does not limit.</summary>
public sealed class LimitSetOptions
{
    /// <summary>What they are counted for: each <c>key</c> (default), each <c>user</c>, or the <c>tenant</c>.</summary>
    public string Per { get; set; } = "key";

    /// <summary>Requests in any 60 seconds.</summary>
    public long? RequestsPerMinute { get; set; }

    /// <summary>Tokens, prompt and completion, in any 60 seconds. A running call counts with its upper bound.</summary>
    public long? TokensPerMinute { get; set; }

    /// <summary>Calls at one time.</summary>
    public long? Concurrency { get; set; }

    /// <summary>Budgets per UTC calendar period.</summary>
    public IList<BudgetOptions> Budgets { get; } = [];
}

/// <summary>A budget of tokens, of money, or of both.</summary>
public sealed class BudgetOptions
{
    /// <summary><c>day</c>, <c>week</c> (from Monday) or <c>month</c>, by UTC. Default month.</summary>
    public string Per { get; set; } = "month";

    /// <summary>Prompt and completion tokens.</summary>
    public long? Tokens { get; set; }

    /// <summary>Money, in the currency of the prices, to six decimals.</summary>
    public decimal? Money { get; set; }
}

/// <summary>What a model costs, per million tokens.</summary>
public sealed class PriceOptions
{
    /// <summary>Prompt tokens. Default 0.</summary>
    public decimal Prompt { get; set; }

    /// <summary>Prompt tokens found in the prefix cache. Default: as other prompt tokens.</summary>
    public decimal? CachedPrompt { get; set; }

    /// <summary>Completion tokens. Default 0.</summary>
    public decimal Completion { get; set; }
}
