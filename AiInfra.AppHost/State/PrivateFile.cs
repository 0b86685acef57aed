namespace AiInfra.AppHost.State;

/// <summary>Replaces files whole, readable by this user alone: a crash or a full disk leaves the old content or the new, never half.</summary>
internal static class PrivateFile
{
    /// <summary>Returns when the content is on the disk itself.</summary>
    /// <exception cref="DistributedApplicationException">It cannot be written: the disk is full, or the folder belongs to somebody else.</exception>
    public static void Write(string path, string content) => Replace(path, content, flushToDisk: true);

    /// <summary>For what means nothing after a power cut: does not wait for the disk.</summary>
    /// <exception cref="DistributedApplicationException">It cannot be written.</exception>
    public static void WriteUntilReboot(string path, string content) => Replace(path, content, flushToDisk: false);

    private static void Replace(string path, string content, bool flushToDisk)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var next = $"{path}.next";
        try
        {
            using (var stream = new FileStream(next, options))
            using (var writer = new StreamWriter(stream))
            {
                writer.Write(content);
                writer.Flush();
                stream.Flush(flushToDisk);
            }

            File.Move(next, path, overwrite: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            RemoveIfPossible(next);
            throw StateFolder.Unwritable(path, problem);
        }
    }

    private static void RemoveIfPossible(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // The reason why it could not be written is the one to tell.
        }
    }
}
