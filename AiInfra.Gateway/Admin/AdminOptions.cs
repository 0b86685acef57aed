namespace AiInfra.Gateway.Admin;

/// <summary>Access to the admin listener: section <c>Admin</c>.</summary>
public sealed class AdminOptions
{
    public const string Section = "Admin";

    /// <summary>The bearer key of operators, at least 16 characters. Without it the admin endpoints refuse every call.</summary>
    public string? Key { get; set; }
}
