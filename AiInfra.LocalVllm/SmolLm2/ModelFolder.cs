using System.Text.Json;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>The files of one model on disk: graph, vocabulary, merges and what the tokenizer must know.</summary>
internal sealed class ModelFolder
{
    /// <summary>Where the repository keeps the embedded model, below <c>models/</c>.</summary>
    public const string EmbeddedName = "smollm2-135m-instruct";

    /// <summary>The embedded model's rotary tables end there.</summary>
    private const int EmbeddedPositions = 8192;

    private ModelFolder(string path, TokenizerFacts facts, bool isChecked)
    {
        Path = path;
        Facts = facts;
        IsChecked = isChecked;
    }

    public string Path { get; }

    public string Name => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Path));

    public bool IsEmbedded => Name == EmbeddedName;

    public TokenizerFacts Facts { get; }

    /// <summary>The folder listed checksums, and its files fit them.</summary>
    public bool IsChecked { get; }

    /// <summary>Positions that the model was made for, or null where the folder does not say.</summary>
    public int? MaxPositions => IsEmbedded ? EmbeddedPositions : ReadMaxPositions(File("config.json"));

    public string Graph => File("model.onnx");

    public string Vocabulary => File("vocab.json");

    public string Merges => File("merges.txt");

    /// <summary>Opens <paramref name="path"/>, or the embedded model found in <c>models/</c> above this assembly.</summary>
    /// <exception cref="ModelFolderException">A file is missing, differs from its checksum or cannot be read.</exception>
    public static ModelFolder Open(string? path)
    {
        var folder = System.IO.Path.GetFullPath(path ?? FindEmbedded());
        foreach (var name in new[] { "model.onnx", "vocab.json", "merges.txt", TokenizerFacts.FileName })
        {
            if (!System.IO.File.Exists(System.IO.Path.Combine(folder, name)))
            {
                throw new ModelFolderException(
                    $"{folder} holds no {name}: a model folder has model.onnx, vocab.json, merges.txt and {TokenizerFacts.FileName}.");
            }
        }

        var isChecked = ModelChecksums.Verify(folder);
        return new ModelFolder(folder, TokenizerFacts.Read(System.IO.Path.Combine(folder, TokenizerFacts.FileName)), isChecked);
    }

    // {"max_position_embeddings": 8192, …}
    private static int? ReadMaxPositions(string path)
    {
        if (!System.IO.File.Exists(path))
        {
            return null;
        }

        try
        {
            using var config = JsonDocument.Parse(System.IO.File.ReadAllBytes(path));
            return config.RootElement.TryGetProperty("max_position_embeddings", out var positions) ? positions.GetInt32() : null;
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or FormatException)
        {
            throw new ModelFolderException($"{path}: {problem.Message}");
        }
    }

    private static string FindEmbedded()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = System.IO.Path.Combine(folder.FullName, "models", EmbeddedName);
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        throw new ModelFolderException($"models/{EmbeddedName} is not above {AppContext.BaseDirectory}: name its folder with --model-folder.");
    }

    private string File(string name) => System.IO.Path.Combine(Path, name);
}
