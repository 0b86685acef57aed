namespace AiInfra.Tests.Fixtures;

/// <summary>Where things lie in this checkout.</summary>
internal static class RepositoryPaths
{
    public static string Root { get; } = FindRoot();

    public static string Models(string name) => Path.Combine(Root, "models", name);

    /// <summary>The built entry assembly of a project of this solution, in the configuration that the tests were built in.</summary>
    public static string Assembly(string project)
    {
        // .../artifacts/bin/AiInfra.Tests-Processes/debug/ is where this assembly lies.
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.Combine(Root, "artifacts", "bin", project, configuration, $"{project}.dll");
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AiInfra.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"AiInfra.sln is not above {AppContext.BaseDirectory}.");
    }
}
