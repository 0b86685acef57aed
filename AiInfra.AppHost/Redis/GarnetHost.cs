using System.Runtime.InteropServices;
using Garnet;

namespace AiInfra.AppHost.Redis;

/// <summary>Serves Redis' protocol by Garnet in this process: <c>garnet PORT PASSWORD-FILE</c>, data beside the file.</summary>
internal static class GarnetHost
{
    public const string Verb = "garnet";

    public static int Run(string[] args)
    {
        if (args is not [_, var port, var passwordFile])
        {
            Console.Error.WriteLine($"{Verb} PORT PASSWORD-FILE");
            return 2;
        }

        var data = Path.GetDirectoryName(Path.GetFullPath(passwordFile))!;
        using var ended = new ManualResetEventSlim();
        using var server = new GarnetServer(
        [
            "--bind", "127.0.0.1", "--port", port,
            "--auth", "Password", "--password", File.ReadAllText(passwordFile),
            // A commit at every write is what appendfsync always means.
            "--aof", "--aof-commit-freq", "0", "--recover", "--checkpointdir", data,
            "--lua",
            // The native device needs libaio and ends the whole process without it.
            "--device-type", "RandomAccess",
            "--memory", "64m", "--page", "1m", "--index", "8m", "--aof-memory", "8m", "--aof-page-size", "2m",
        ]);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var control = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, End);
        server.Start();
        ended.Wait();
        return 0;

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            ended.Set();
        }
    }
}
