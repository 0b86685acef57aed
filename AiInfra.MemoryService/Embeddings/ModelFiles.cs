using System.Security.Cryptography;

namespace AiInfra.MemoryService.Embeddings;

/// <summary>The files of the embedded model, found and checked before anything is computed with them.</summary>
internal static class ModelFiles
{
    public const string Name = "all-minilm-l6-v2";

    private static readonly (string File, string Sha256)[] Expected =
    [
        ("model.onnx", "a7c7d5a43ac0f9247d2fc38d1704822b992d439bae7e406474df1d7c8b7eac4a"),
        ("vocab.txt", "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
    ];

    /// <returns>The folder, with both files in it unchanged.</returns>
    /// <exception cref="InvalidOperationException">The folder or a file is missing, or a file is not the one this service was measured with.</exception>
    public static string Verified(string? configured)
    {
        var folder = configured ?? FindUpwards()
            ?? throw new InvalidOperationException($"models/{Name} is neither in {AppContext.BaseDirectory} nor above: set Embeddings:ModelFolder.");
        foreach (var (file, sha256) in Expected)
        {
            var path = Path.Combine(folder, file);
            if (!File.Exists(path))
            {
                throw new InvalidOperationException($"Embeddings:ModelFolder: there is no {path}.");
            }

            using var content = File.OpenRead(path);
            if (Convert.ToHexStringLower(SHA256.HashData(content)) != sha256)
            {
                throw new InvalidOperationException($"Embeddings:ModelFolder: {path} is damaged or another model: its SHA-256 is not {sha256}.");
            }
        }

        return folder;
    }

    private static string? FindUpwards()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "models", Name);
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}
