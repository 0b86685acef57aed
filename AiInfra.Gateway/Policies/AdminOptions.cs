using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Policies;

/// <summary>Administration: section <c>Admin</c>.</summary>
public sealed class AdminOptions
{
    public const string Section = "Admin";

    /// <summary>What administrators send as <c>Authorization: Bearer</c>, at least 16 characters. Without it the admin API refuses everybody.</summary>
    public string? Key { get; set; }
}

/// <summary>A short key is worse than none.</summary>
internal sealed class AdminOptionsValidator : IValidateOptions<AdminOptions>
{
    public ValidateOptionsResult Validate(string? name, AdminOptions options) =>
        options.Key is null or "" or { Length: >= 16 }
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail("Admin:Key must have at least 16 characters.");
}
