using AiInfra.AppHost.State;

namespace AiInfra.AppHost.Instances;

/// <summary>Prints what a resource has printed and goes on printing until its AppHost ends.</summary>
internal static class LogFollower
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <returns>The exit code: 1 when there is no such log.</returns>
    public static int Follow(string stateFolder, string name)
    {
        var folder = Path.Combine(stateFolder, "logs");
        var file = Path.Combine(folder, $"{name}.log");
        if (!File.Exists(file))
        {
            var known = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.log") : [];
            Console.Error.WriteLine(
                $"There is no log of '{name}' in {folder}. There is: {string.Join(", ", known.Select(Path.GetFileNameWithoutExtension).Order().DefaultIfEmpty("none"))}.");
            return 1;
        }

        long position = 0;
        while (true)
        {
            // Asked before the file is read: what was printed last is not missed.
            var goesOn = StateFolder.IsInUse(stateFolder);
            using (var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            {
                // A shorter file than before is a new one: the old was turned over.
                stream.Position = position <= stream.Length ? position : 0;
                stream.CopyTo(Console.OpenStandardOutput());
                position = stream.Position;
            }

            if (!goesOn)
            {
                return 0;
            }

            Thread.Sleep(Pause);
        }
    }
}
