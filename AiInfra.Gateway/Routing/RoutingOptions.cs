using System.ComponentModel.DataAnnotations;

namespace AiInfra.Gateway.Routing;

/// <summary>How a replica is chosen: section <c>Routing</c>.</summary>
public sealed class RoutingOptions
{
    public const string Section = "Routing";

    /// <summary>
    /// Name of the policy: <c>ExpectedCost</c> (default), <c>RoundRobin</c>, <c>LeastOutstanding</c>, <c>PowerOfTwoChoices</c> or <c>SessionAffinity</c>.
    /// </summary>
    [Required]
    public string Policy { get; set; } = "ExpectedCost";

    /// <summary>Prompt blocks that are remembered per replica at most, 256 to 4,194,304. Default 65,536 (about 5 MB). A replica's own cache size bounds it further.</summary>
    [Range(256, 4_194_304)]
    public int MaxIndexedBlocksPerReplica { get; set; } = 65_536;
}
