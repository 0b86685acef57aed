using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using AiInfra.AppHost.Instances;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>What resources print, and what the engine says about them: to a file each, and to whoever listens.</summary>
internal sealed partial class ResourceLoggerService(IDistributedApplicationBuilder builder) : IDisposable
{
    private readonly ConcurrentDictionary<string, LogFile> _files = new(StringComparer.OrdinalIgnoreCase);

    private readonly bool _plain = Console.IsOutputRedirected;

    /// <summary>Name of the resource and the line, in the order in which they came.</summary>
    internal event Action<string, string>? LineWritten;

    public ILogger GetLogger(IResource resource) => new ResourceLogger(line => Append(resource.Name, [line]));

    public void Dispose() => _files.Values.ToList().ForEach(file => file.Dispose());

    internal void Append(string name, IReadOnlyList<string> lines)
    {
        var plain = lines.Select(line => line.Contains('\e', StringComparison.Ordinal) ? Colours().Replace(line, "") : line).ToList();
        FileOf(name).Append(plain);
        if (LineWritten is { } listener)
        {
            // A terminal shows the colours that .NET services are asked to send; files and pipes do not.
            (_plain ? plain : lines).ToList().ForEach(line => listener(name, line));
        }
    }

    internal IReadOnlyList<string> Newest(string name, int count) => FileOf(name).Newest(count);

    [GeneratedRegex(@"\e\[[0-9;]*[A-Za-z]")]
    private static partial Regex Colours();

    private LogFile FileOf(string name) => _files.GetOrAdd(name, _ => new LogFile(Path.Combine(builder.State().Folder("logs"), $"{name}.log")));

    private sealed class ResourceLogger(Action<string> write) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                write(formatter(state, exception));
            }
        }
    }
}
