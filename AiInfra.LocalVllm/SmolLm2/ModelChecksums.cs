using System.Security.Cryptography;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>Holds the files of a model folder against its <c>SHA256SUMS</c>, the list that <c>sha256sum -c</c> reads.</summary>
/// <remarks>
/// What it finds in practice is a checkout whose large file is a pointer or was cut: the runtime would report that as a broken graph.
/// A line reads <c>82b84012…dc79  vocab.json</c>.
/// </remarks>
internal static class ModelChecksums
{
    public const string FileName = "SHA256SUMS";

    /// <returns>False when the folder brings no list.</returns>
    /// <exception cref="ModelFolderException">A listed file is missing or differs.</exception>
    public static bool Verify(string folder)
    {
        var list = Path.Combine(folder, FileName);
        if (!File.Exists(list))
        {
            return false;
        }

        foreach (var line in File.ReadLines(list).Where(line => line.Length > 0))
        {
            if (line.Split("  ", 2) is not [{ Length: 64 } expected, { } name] || name != Path.GetFileName(name))
            {
                throw new ModelFolderException($"{list}: '{line}' is not a line of sha256sum.");
            }

            var path = Path.Combine(folder, name);
            if (!File.Exists(path))
            {
                throw new ModelFolderException($"The model file {path} is missing: check the files out again.");
            }

            using var file = File.OpenRead(path);
            if (!Convert.ToHexString(SHA256.HashData(file)).Equals(expected, StringComparison.OrdinalIgnoreCase))
            {
                throw new ModelFolderException($"The model file {path} differs from {FileName} ({file.Length:N0} bytes): check the files out again.");
            }
        }

        return true;
    }
}
