namespace AiInfra.MemoryService.Domains;

/// <summary>The domains that come with the service: examples to use or to replace by configuration.</summary>
internal static class ShippedDomains
{
    public static readonly IReadOnlyDictionary<string, DomainOptions> All = new Dictionary<string, DomainOptions>(StringComparer.Ordinal)
    {
        ["general"] = new() { Description = "Anything." },
        ["code"] = new()
        {
            Description = "Source code, its decisions and its traps.",
            Subdomains = { "language", "framework", "algorithm", "pattern", "tooling" },
            Fields =
            {
                ["metadata.language"] = new() { Pattern = "[A-Za-z][A-Za-z0-9+#. -]{0,31}" },
                ["metadata.path"] = new() { MaxLength = 1024 },
            },
            Synonyms =
            {
                ["function"] = ["method", "procedure", "subroutine"],
                ["bug"] = ["defect", "error", "fault"],
                ["repository"] = ["repo", "codebase"],
                ["test"] = ["spec", "check"],
            },
        },
        ["website"] = new()
        {
            Description = "Pages of the web and what they say.",
            Subdomains = { "article", "documentation", "shop", "forum" },
            Fields = { ["metadata.url"] = new() { Required = true, Pattern = "https?://[^\\s]{1,2000}" } },
            Synonyms = { ["page"] = ["site", "webpage"], ["link"] = ["url", "address"] },
        },
        ["discussion"] = new()
        {
            Description = "Who said what in a conversation, and what was decided.",
            Subdomains = { "meeting", "chat", "interview", "decision" },
            Fields = { ["speaker"] = new() { Required = true, MinLength = 1 } },
            Synonyms = { ["decision"] = ["conclusion", "resolution"], ["meeting"] = ["call", "session"] },
        },
        ["electronics"] = new()
        {
            Description = "Components, circuits and measurements.",
            Subdomains = { "component", "circuit", "measurement", "board" },
            Fields =
            {
                ["metadata.part"] = new() { Pattern = "[A-Za-z0-9][A-Za-z0-9./_ -]{0,63}" },
                ["metadata.unit"] = new() { Allowed = { "V", "A", "W", "Ω", "F", "H", "Hz", "s", "°C" } },
            },
            Synonyms = { ["resistor"] = ["resistance"], ["capacitor"] = ["cap", "condenser"], ["voltage"] = ["potential", "volt"], ["chip"] = ["ic", "microchip"] },
        },
    };
}
