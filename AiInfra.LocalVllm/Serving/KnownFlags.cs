using System.Collections.Frozen;

namespace AiInfra.LocalVllm.Serving;

/// <summary>
/// The flags of <c>vllm serve</c> 0.32.0, from the file beside this one: <c>name</c> is a switch (with a <c>no-</c> form), <c>name=</c> takes a
/// value, <c>name+</c> takes several. So a command line for vLLM is understood here, and a misspelt flag is not.
/// </summary>
internal static class KnownFlags
{
    private static readonly FrozenDictionary<string, FlagKind> Flags = Read();

    public static FlagKind? Find(string name) => Flags.TryGetValue(name, out var kind) ? kind : null;

    private static FrozenDictionary<string, FlagKind> Read()
    {
        using var stream = typeof(KnownFlags).Assembly.GetManifestResourceStream("vllm-flags.txt")
            ?? throw new InvalidOperationException("vllm-flags.txt is not embedded.");
        using var reader = new StreamReader(stream);
        var flags = new Dictionary<string, FlagKind>();
        while (reader.ReadLine() is { } line)
        {
            var kind = line switch { [.., '='] => FlagKind.Value, [.., '+'] => FlagKind.Values, _ => FlagKind.Switch };
            flags[line.TrimEnd('=', '+')] = kind;
            if (kind == FlagKind.Switch)
            {
                flags[$"no-{line}"] = FlagKind.Switch;
            }
        }

        // Ours.
        flags["engine"] = FlagKind.Value;
        flags["engine-option"] = FlagKind.Values;
        flags["model-folder"] = FlagKind.Value;
        return flags.ToFrozenDictionary();
    }
}

/// <summary>What follows a flag.</summary>
internal enum FlagKind
{
    Switch,
    Value,
    Values,
}
