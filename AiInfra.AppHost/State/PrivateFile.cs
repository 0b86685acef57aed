namespace AiInfra.AppHost.State;

internal static class PrivateFile
{
    /// <summary>Replaces a file whole, readable by this user alone: a crash leaves the old content or the new, never half.</summary>
    public static void Write(string path, string content)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var next = $"{path}.next";
        using (var stream = new FileStream(next, options))
        using (var writer = new StreamWriter(stream))
        {
            writer.Write(content);
            writer.Flush();
            stream.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }
}
