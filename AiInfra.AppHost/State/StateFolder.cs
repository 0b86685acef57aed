using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace AiInfra.AppHost.State;

/// <summary>
/// Where one instance keeps its secrets, its services' data and its logs: <c>AppHost:State</c>, by default a folder of the user's
/// own below the local application data, named after the AppHost's path. A second instance beside it gets a folder of its own.
/// </summary>
internal sealed class StateFolder : IDisposable
{
    /// <summary>Raised when the layout changes so that an older AppHost would misread it.</summary>
    private const int Version = 1;
    private const int MaxInstances = 9;

    private readonly FileStream _lock;

    private StateFolder(string path, FileStream held) => (Path, _lock) = (path, held);

    public string Path { get; }

    /// <summary>Set when the first choice was in use: the path of that one.</summary>
    public string? InUse { get; private init; }

    /// <summary>Programs that are installed once for all instances of this user: <c>AppHost:Packages</c>.</summary>
    public required string Packages { get; init; }

    /// <exception cref="DistributedApplicationException">The folder belongs to a newer version, or too many instances run.</exception>
    public static StateFolder Open(IConfiguration configuration, string appHostDirectory)
    {
        var packages = configuration["AppHost:Packages"] ?? System.IO.Path.Combine(Home(), "packages");
        var first = Root(configuration, appHostDirectory);
        foreach (var path in Candidates(first))
        {
            CreatePrivate(path);
            if (TryLock(path) is { } held)
            {
                var folder = new StateFolder(path, held) { Packages = packages, InUse = path == first ? null : first };
                folder.CheckVersion();
                return folder;
            }
        }

        throw new DistributedApplicationException($"{MaxInstances} instances run with {first}: stop one (--stop), or set AppHost:State.");
    }

    /// <summary>The folders that instances of this AppHost use, whether they exist or not.</summary>
    public static IEnumerable<string> Candidates(string root) =>
        Enumerable.Range(1, MaxInstances).Select(number => number == 1 ? root : $"{root}-{number.ToString(CultureInfo.InvariantCulture)}");

    public static string Root(IConfiguration configuration, string appHostDirectory)
    {
        if (configuration["AppHost:State"] is { Length: > 0 } configured)
        {
            return System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(configured));
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(appHostDirectory)))[..12];
        return System.IO.Path.Combine(Home(), hash);
    }

    /// <summary>True while a living AppHost holds the folder.</summary>
    public static bool IsInUse(string path)
    {
        if (!File.Exists(System.IO.Path.Combine(path, "lock")))
        {
            return false;
        }

        using var held = TryLock(path);
        return held is null;
    }

    /// <summary>A folder for one resource's data, readable by this user alone.</summary>
    public string Folder(params string[] names) => CreatePrivate(System.IO.Path.Combine([Path, .. names]));

    public string FilePath(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => _lock.Dispose();

    private static string Home()
    {
        var data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create);
        return data.Length > 0
            ? System.IO.Path.Combine(data, "aiinfra")
            : throw new DistributedApplicationException("This user has no home folder: set AppHost:State and AppHost:Packages to folders of your choice.");
    }

    private static string CreatePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return Directory.CreateDirectory(path).FullName;
        }

        return Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
    }

    // The system releases the lock when its holder dies, however it dies.
    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(System.IO.Path.Combine(path, "lock")))
        {
            return null;
        }
    }

    private void CheckVersion()
    {
        var file = FilePath("version");
        if (!File.Exists(file))
        {
            File.WriteAllText(file, Version.ToString(CultureInfo.InvariantCulture));
            return;
        }

        var found = int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (found > Version)
        {
            Dispose();
            throw new DistributedApplicationException(
                $"{Path} was written by a newer AiInfra (layout {found}, this one knows {Version}): update, or set AppHost:State to another folder.");
        }
    }
}
