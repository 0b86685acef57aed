using System.Text.Json;
using AiInfra.AppHost.Processes;
using AiInfra.AppHost.State;

namespace AiInfra.AppHost.Instances;

internal sealed record InstanceProcess(string Name, int Id, string Start, string? Url);

internal sealed record InstanceRecord(int Id, string Start, DateTimeOffset Since, List<InstanceProcess> Processes);

/// <summary>Which processes this AppHost has: for whoever lists or stops it, and for the next start should it be killed.</summary>
internal sealed class InstanceFile(StateFolder state, Action<string> say)
{
    private const string FileName = "instance.json";

    private readonly Lock _lock = new();
    private bool _told;
    private readonly InstanceRecord _record = new(Environment.ProcessId, ProcessTable.StartOf(Environment.ProcessId) ?? "", TimeProvider.System.GetUtcNow(), []);

    public static InstanceRecord? Read(string stateFolder)
    {
        try
        {
            return JsonSerializer.Deserialize<InstanceRecord>(File.ReadAllText(Path.Combine(stateFolder, FileName)));
        }
        // Absent, or cut off by a full disk: then nothing is known of it.
        catch (Exception problem) when (problem is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Ends what a killed AppHost left behind, and begins a file of its own. A process must have the recorded id and start time; others are not ours.</summary>
    /// <returns>What was ended, in words.</returns>
    public async Task<IReadOnlyList<string>> ReapAsync()
    {
        var orphans = (Read(state.Path)?.Processes ?? []).Where(IsOurs).ToList();
        foreach (var orphan in orphans)
        {
            for (var attempt = 0; attempt < 100 && IsOurs(orphan); attempt++)
            {
                KillTree(orphan.Id);
                await Task.Delay(20);
            }
        }

        Write();
        return [.. orphans.Select(orphan => $"{orphan.Name} (pid {orphan.Id})")];
    }

    public void Add(string name, int id, string? url)
    {
        lock (_lock)
        {
            _record.Processes.RemoveAll(one => one.Name == name);
            _record.Processes.Add(new InstanceProcess(name, id, ProcessTable.StartOf(id) ?? "", url));
            WriteIfPossible();
        }
    }

    public void Remove(int id)
    {
        lock (_lock)
        {
            _record.Processes.RemoveAll(one => one.Id == id);
            WriteIfPossible();
        }
    }

    public void Delete() => File.Delete(state.FilePath(FileName));

    // The first process may be gone while its children live on in the session that it began.
    private static bool IsOurs(InstanceProcess process) => ProcessTable.StartOf(process.Id) is { } start
        ? start == process.Start
        : !OperatingSystem.IsWindows() && ProcessTable.Tree(process.Id).Count > 0;

    private static void KillTree(int id)
    {
        if (!OperatingSystem.IsWindows())
        {
            ProcessTable.Signal(id, 9);
            return;
        }

        using var process = System.Diagnostics.Process.GetProcessById(id);
        process.Kill(entireProcessTree: true);
    }

    // A disk that fills up later costs what the next start would know, never a running service.
    private void WriteIfPossible()
    {
        try
        {
            Write();
        }
        catch (DistributedApplicationException problem)
        {
            if (!_told)
            {
                say($"{problem.Message} Until then a killed AppHost would leave behind what the next start does not know.");
            }

            _told = true;
        }
    }

    private void Write() => PrivateFile.WriteUntilReboot(state.FilePath(FileName), JsonSerializer.Serialize(_record));
}
