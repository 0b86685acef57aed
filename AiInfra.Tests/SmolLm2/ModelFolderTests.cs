using AiInfra.LocalVllm.SmolLm2;

namespace AiInfra.Tests.SmolLm2;

public sealed class ModelFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("model-folder-").FullName;

    [Fact]
    public void The_embedded_model_fits_its_checksums() => Assert.True(ModelFiles.Folder.IsChecked);

    [Fact]
    public void The_embedded_model_is_found_above_the_assembly() => Assert.Equal(ModelFiles.Path, ModelFolder.Open(path: null).Path);

    [Fact]
    public void A_changed_file_is_refused_by_name()
    {
        CopySmallFiles();
        File.AppendAllText(Path.Combine(_folder, "merges.txt"), "\n");

        var problem = Assert.Throws<ModelFolderException>(() => ModelFolder.Open(_folder));

        Assert.Contains("merges.txt differs from SHA256SUMS", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_listed_file_that_is_missing_is_refused_by_name()
    {
        CopySmallFiles();

        var problem = Assert.Throws<ModelFolderException>(() => ModelFolder.Open(_folder));

        Assert.Contains("model.onnx.data is missing", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_graph_says_what_a_model_folder_holds()
    {
        var problem = Assert.Throws<ModelFolderException>(() => ModelFolder.Open(_folder));

        Assert.Contains("model.onnx, vocab.json, merges.txt", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_checksums_is_opened_unchecked()
    {
        CopySmallFiles();
        File.Delete(Path.Combine(_folder, ModelChecksums.FileName));

        Assert.False(ModelFolder.Open(_folder).IsChecked);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void CopySmallFiles()
    {
        foreach (var name in new[] { "LICENSE", "NOTICE", "model.onnx", "vocab.json", "merges.txt", TokenizerFacts.FileName, ModelChecksums.FileName })
        {
            File.Copy(Path.Combine(ModelFiles.Path, name), Path.Combine(_folder, name));
        }
    }
}
