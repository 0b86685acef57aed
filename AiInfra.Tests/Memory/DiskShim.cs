using System.Runtime.InteropServices;

namespace AiInfra.Tests.Memory;

/// <summary>
/// A SQLite file system of the test's own in front of the real one: it counts the syncs, and can refuse writes or syncs as a full or a
/// broken disk does. SIGKILL cannot tell a synced write from an unsynced one; this can. It is the process's default once installed,
/// and acts on files below <see cref="Folder"/> only, so that other tests go by untouched.
/// </summary>
internal static class DiskShim
{
    // https://sqlite.org/rescode.html
    public const int Full = 13;
    public const int FsyncError = 10 | (4 << 8);

    private const string Library = "e_sqlite3";
    // sqlite3_vfs: iVersion, szOsFile, mxPathname, pNext, zName, pAppData, xOpen, …; sqlite3_io_methods: iVersion, xClose, xRead, xWrite, xTruncate, xSync, …
    private const int VfsBytes = 8 + 8 + (19 * 8);
    private const int NameAt = 24;
    private const int OpenAt = 40;
    private const int MethodsBytes = 19 * 8;
    private const int WriteAt = 3 * 8;
    private const int SyncAt = 5 * 8;

    private static readonly Lock Installing = new();
    private static readonly Dictionary<nint, nint> Methods = [];
    private static readonly OpenFile Opening = Open;
    private static readonly Sync Syncing = CountSync;
    private static readonly Write Writing = CheckWrite;
    private static OpenFile? _open;
    private static Sync? _sync;
    private static Write? _write;
    private static nint _realVfs;
    private static int _syncs;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int OpenFile(nint vfs, nint name, nint file, int flags, nint outFlags);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int Sync(nint file, int flags);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int Write(nint file, nint bytes, int count, long offset);

    /// <summary>Files below it are watched.</summary>
    public static string Folder { get; set; } = "";

    /// <summary>What a write answers instead of being done; 0: it is done.</summary>
    public static int RefuseWrites { get; set; }

    /// <summary>What a sync answers instead of being done; 0: it is done.</summary>
    public static int RefuseSyncs { get; set; }

    public static int Syncs => Volatile.Read(ref _syncs);

    public static void Install()
    {
        lock (Installing)
        {
            if (_realVfs != 0)
            {
                return;
            }

            SQLitePCL.Batteries_V2.Init();
            _realVfs = sqlite3_vfs_find(null);
            var vfs = Marshal.AllocHGlobal(VfsBytes);
            for (var i = 0; i < VfsBytes; i += 8)
            {
                Marshal.WriteInt64(vfs, i, Marshal.ReadInt64(_realVfs, i));
            }

            _open = Marshal.GetDelegateForFunctionPointer<OpenFile>(Marshal.ReadIntPtr(vfs, OpenAt));
            Marshal.WriteIntPtr(vfs, NameAt, Marshal.StringToHGlobalAnsi("watched"));
            Marshal.WriteIntPtr(vfs, OpenAt, Marshal.GetFunctionPointerForDelegate(Opening));
            Assert.Equal(0, sqlite3_vfs_register(vfs, 1));
        }
    }

    private static int Open(nint vfs, nint name, nint file, int flags, nint outFlags)
    {
        var result = _open!(_realVfs, name, file, flags, outFlags);
        if (result == 0 && Folder.Length > 0 && Marshal.PtrToStringUTF8(name)?.StartsWith(Folder, StringComparison.Ordinal) is true)
        {
            // A file begins with its table of methods: give it ours, which is the real one but for two.
            Marshal.WriteIntPtr(file, MethodsLike(Marshal.ReadIntPtr(file)));
        }

        return result;
    }

    private static nint MethodsLike(nint real)
    {
        lock (Installing)
        {
            // A database and its log have tables of their own, with the same two for writing and syncing.
            if (!Methods.TryGetValue(real, out var methods))
            {
                methods = Marshal.AllocHGlobal(MethodsBytes);
                for (var i = 0; i < MethodsBytes; i += 8)
                {
                    Marshal.WriteInt64(methods, i, Marshal.ReadInt64(real, i));
                }

                _write = Marshal.GetDelegateForFunctionPointer<Write>(Marshal.ReadIntPtr(real, WriteAt));
                _sync = Marshal.GetDelegateForFunctionPointer<Sync>(Marshal.ReadIntPtr(real, SyncAt));
                Marshal.WriteIntPtr(methods, WriteAt, Marshal.GetFunctionPointerForDelegate(Writing));
                Marshal.WriteIntPtr(methods, SyncAt, Marshal.GetFunctionPointerForDelegate(Syncing));
                Methods[real] = methods;
            }

            return methods;
        }
    }

    private static int CountSync(nint file, int flags)
    {
        if (RefuseSyncs != 0)
        {
            return RefuseSyncs;
        }

        var result = _sync!(file, flags);
        Interlocked.Increment(ref _syncs);
        return result;
    }

    private static int CheckWrite(nint file, nint bytes, int count, long offset) =>
        RefuseWrites != 0 ? RefuseWrites : _write!(file, bytes, count, offset);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern nint sqlite3_vfs_find(string? name);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
    private static extern int sqlite3_vfs_register(nint vfs, int makeDefault);
}
