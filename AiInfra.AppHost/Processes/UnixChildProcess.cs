using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace AiInfra.AppHost.Processes;

/// <summary>
/// Linux and macOS. <see cref="System.Diagnostics.Process"/> cannot start a session of its own, posix_spawn can, without a shell or a
/// second program between us and the server.
/// </summary>
internal sealed partial class UnixChildProcess : ChildProcess
{
    private const int SigTerm = 15;
    private const int SigKill = 9;
    private const short SetSigDef = 0x04;
    private const short SetSigMask = 0x08;

    // Opaque C structures: the largest is 336 bytes (glibc's posix_spawnattr_t).
    private const int OpaqueBytes = 512;

    public UnixChildProcess(ProcessStart start, Action<IReadOnlyList<string>> onLines)
    {
        var output = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.None);
        Id = Spawn(start, output.ClientSafePipeHandle);
        output.DisposeLocalCopyOfClientHandle();
        new Thread(() => LineReader.ReadAll(output, onLines)) { IsBackground = true, Name = $"output of {Id}" }.Start();
        new Thread(Wait) { IsBackground = true, Name = $"exit of {Id}" }.Start();
    }

    public override int Id { get; }

    public override void TerminateTree() => ProcessTable.Signal(Id, SigTerm);

    public override void KillTree() => ProcessTable.Signal(Id, SigKill);

    public override bool IsTreeAlive() => !Exited.IsCompleted || ProcessTable.Tree(Id).Count > 0;

    private void Wait()
    {
        int status;
        while (WaitPid(Id, out status, 0) == -1 && Marshal.GetLastPInvokeError() == 4 /* EINTR */)
        {
        }

        var signal = status & 0x7f;
        OnExited(signal == 0 ? (status >> 8) & 0xff : 128 + signal);
    }

    private static unsafe int Spawn(ProcessStart start, SafeHandle output)
    {
        var opaque = stackalloc byte[3 * OpaqueBytes];
        var (fileActions, attribute, set) = ((nint)opaque, (nint)(opaque + OpaqueBytes), (nint)(opaque + (2 * OpaqueBytes)));
        using var arguments = new NativeStrings([start.Command, .. start.Arguments]);
        using var environment = new NativeStrings([.. start.Environment.Select(one => $"{one.Key}={one.Value}")]);
        _ = FileActionsInit(fileActions);
        _ = AttributesInit(attribute);
        try
        {
            _ = FileActionsOpen(fileActions, 0, "/dev/null", 0, 0);
            _ = FileActionsDup(fileActions, (int)output.DangerousGetHandle(), 1);
            _ = FileActionsDup(fileActions, (int)output.DangerousGetHandle(), 2);
            _ = FileActionsChdir(fileActions, start.WorkingDirectory);
            // .NET ignores SIGPIPE, and what is ignored stays so in a child.
            _ = SigFillSet(set);
            _ = AttributesSetSigDefault(attribute, set);
            _ = SigEmptySet(set);
            _ = AttributesSetSigMask(attribute, set);
            _ = AttributesSetFlags(attribute, (short)(SetSigDef | SetSigMask | (OperatingSystem.IsMacOS() ? 0x400 : 0x80) /* SETSID */));
            var error = PosixSpawn(out var pid, start.Command, fileActions, attribute, arguments.Pointer, environment.Pointer);
            return error == 0
                ? pid
                : throw new IOException($"'{start.Command}' cannot be started in '{start.WorkingDirectory}': {Marshal.GetPInvokeErrorMessage(error)}");
        }
        finally
        {
            _ = FileActionsDestroy(fileActions);
            _ = AttributesDestroy(attribute);
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int PosixSpawn(out int pid, string path, nint fileActions, nint attributes, nint arguments, nint environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int FileActionsInit(nint actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int FileActionsDestroy(nint actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileActionsOpen(nint actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int FileActionsDup(nint actions, int descriptor, int target);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileActionsChdir(nint actions, string path);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int AttributesInit(nint attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int AttributesDestroy(nint attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int AttributesSetFlags(nint attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int AttributesSetSigDefault(nint attributes, nint signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int AttributesSetSigMask(nint attributes, nint signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial int SigFillSet(nint signals);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static partial int SigEmptySet(nint signals);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitPid(int pid, out int status, int options);
}

/// <summary>A null-terminated array of C strings.</summary>
internal sealed class NativeStrings : IDisposable
{
    private readonly List<nint> _strings;

    public NativeStrings(IReadOnlyList<string> values)
    {
        _strings = [.. values.Select(Marshal.StringToCoTaskMemUTF8), 0];
        Pointer = Marshal.AllocCoTaskMem(_strings.Count * nint.Size);
        Marshal.Copy([.. _strings], 0, Pointer, _strings.Count);
    }

    public nint Pointer { get; }

    public void Dispose()
    {
        _strings.ForEach(Marshal.FreeCoTaskMem);
        Marshal.FreeCoTaskMem(Pointer);
    }
}
