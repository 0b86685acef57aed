namespace AiInfra.AppHost.Documents;

/// <summary><c>docs [FOLDER]</c>: writes the generated parts of the documents anew.</summary>
internal static class DocumentCommand
{
    public const string Verb = "docs";

    /// <summary>The generated blocks by the document that holds them.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Blocks() => new Dictionary<string, IReadOnlyDictionary<string, string>>
    {
        ["resource-allocation-matrix.md"] = ResourceMatrix.Blocks(),
        ["enhanced-infrastructure-architecture.md"] = ArchitectureDiagrams.Blocks(),
    };

    /// <param name="args">The folder of the documents; <c>docs</c> below the working folder when none is named.</param>
    /// <returns>0; 2 when a document is missing.</returns>
    public static int Run(string[] args)
    {
        var folder = args is [var named, ..] ? named : "docs";
        foreach (var (name, blocks) in Blocks())
        {
            var file = Path.Combine(folder, name);
            if (!File.Exists(file))
            {
                Console.Error.WriteLine($"There is no {file}: name the folder of the documents.");
                return 2;
            }

            File.WriteAllText(file, GeneratedBlocks.Write(File.ReadAllText(file), blocks));
            Console.WriteLine($"{file}: {string.Join(", ", blocks.Keys)}");
        }

        return 0;
    }
}
