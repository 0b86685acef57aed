namespace AiInfra.AppHost.Processes;

/// <summary>What to start. The command is a full path.</summary>
internal sealed record ProcessStart(string Command, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string WorkingDirectory);
