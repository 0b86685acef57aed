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

    /// <exception cref="DistributedApplicationException">The folder belongs to a newer version, too many instances run, or it cannot be written.</exception>
    public static StateFolder Open(IConfiguration configuration, string appHostDirectory)
    {
        var packages = configuration["AppHost:Packages"] ?? System.IO.Path.Combine(RequiredHome(), "packages");
        var first = Root(configuration, appHostDirectory);
        foreach (var path in Candidates(first))
        {
            CreatePrivate(path);
            if (TryLock(path) is { } held)
            {
                var folder = new StateFolder(path, held) { Packages = packages, InUse = path == first ? null : first };
                try
                {
                    folder.CheckVersion();
                    return folder;
                }
                catch (DistributedApplicationException)
                {
                    folder.Dispose();
                    throw;
                }
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
        return System.IO.Path.Combine(RequiredHome(), hash);
    }

    /// <summary>The folders that this user's instances may use: those of <paramref name="root"/>, then those of other AppHosts.</summary>
    public static IEnumerable<string> AllOfUser(string root) => Candidates(root)
        .Concat(Home() is { } home && Directory.Exists(home) ? Directory.EnumerateDirectories(home).Order() : [])
        .Distinct();

    /// <summary>What a person is told when the state cannot be kept.</summary>
    public static DistributedApplicationException Unwritable(string path, Exception problem) => new(
        $"{path} cannot be written: {problem.Message.Split(" : '")[0].TrimEnd('.')}. Make room there, or set AppHost:State to another folder.");

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

    private static string? Home() =>
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create) is { Length: > 0 } data
            ? System.IO.Path.Combine(data, "aiinfra")
            : null;

    private static string RequiredHome() => Home()
        ?? throw new DistributedApplicationException("This user has no home folder: set AppHost:State and AppHost:Packages to folders of your choice.");

    private static string CreatePrivate(string path)
    {
        try
        {
            return OperatingSystem.IsWindows()
                ? Directory.CreateDirectory(path).FullName
                : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, problem);
        }
    }

    // The system releases the lock when its holder dies, however it dies.
    private static FileStream? TryLock(string path)
    {
        var file = System.IO.Path.Combine(path, "lock");
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(file))
        {
            return null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(file, problem);
        }
    }

    private void CheckVersion()
    {
        var file = FilePath("version");
        if (!File.Exists(file))
        {
            PrivateFile.Write(file, Version.ToString(CultureInfo.InvariantCulture));
            return;
        }

        var found = int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (found > Version)
        {
            throw new DistributedApplicationException(
                $"{Path} was written by a newer AiInfra (layout {found}, this one knows {Version}): update, or set AppHost:State to another folder.");
        }
    }
}
