using System.Globalization;

namespace AiInfra.AppHost.Planning;

/// <summary>The command line of <c>plan</c>, checked word by word.</summary>
internal sealed class PlanOptions
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <exception cref="PlanInputException">An option is unknown, lacks its value or is given twice.</exception>
    public PlanOptions(string[] args)
    {
        for (var index = 0; index < args.Length; index++)
        {
            var (name, value) = args[index].Split('=', 2) is [var before, var after] ? (before, after) : (args[index], null);
            var option = PlanOption.All.FirstOrDefault(known => known.Name == name) ?? throw new PlanInputException(
                $"'{name}' is no option of plan.", $"Nearest: {PlanOption.All.MinBy(known => NameDistance.Between(name, known.Name))!.Name}.");
            if (option.Value.Length == 0)
            {
                value = "";
            }
            else if (value is null)
            {
                value = ++index < args.Length ? args[index] : throw new PlanInputException(
                    $"{name} has no value.", $"Write {name} {option.Value}.");
            }

            if (!_values.TryAdd(name, value))
            {
                throw new PlanInputException($"{name} is given twice.", "Give it once.");
            }
        }
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public string? Text(string name) => _values.GetValueOrDefault(name);

    public int? Integer(string name) => Text(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.AllowThousands | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value
        : throw new PlanInputException($"{name} '{text}' is no whole number.", $"Write {name} 4096.");

    public double? Number(string name) => Text(name) is not { } text ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) && value >= 0 ? value
        : throw new PlanInputException($"{name} '{text}' is no number of 0 or more.", $"Write {name} 0.5.");

    public Bytes? Size(string name) => Text(name) is not { } text ? null
        : Bytes.TryParse(text, out var value) ? value
        : throw new PlanInputException($"{name} '{text}' is no size with a unit.", $"Write {name} 80GB or {name} 79.2GiB: they differ.");

    /// <summary>A rate like <c>3350GB/s</c> or <c>989TFLOPS</c>, in its base unit.</summary>
    public double? Rate(string name, string unit)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        var trimmed = text.Trim();
        var prefixes = new[] { ("T", 1e12), ("G", 1e9), ("M", 1e6), ("P", 1e15) };
        foreach (var (prefix, factor) in prefixes)
        {
            if (trimmed.EndsWith(prefix + unit, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(trimmed[..^(unit.Length + 1)], NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                && value > 0 && double.IsFinite(value))
            {
                return value * factor;
            }
        }

        throw new PlanInputException($"{name} '{text}' is no rate in {unit}.", $"Write {name} 1000G{unit}.");
    }
}
