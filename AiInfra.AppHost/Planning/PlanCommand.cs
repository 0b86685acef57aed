using System.Globalization;

namespace AiInfra.AppHost.Planning;

/// <summary><c>plan …</c>: the capacity planner's command line.</summary>
public static class PlanCommand
{
    /// <summary>Runs the planner and writes its plan to the console.</summary>
    /// <param name="args">What follows the word <c>plan</c>.</param>
    /// <returns>0 when the plan starts, 1 when nothing fits (the plan says what would), 2 when the input is wrong.</returns>
    public static int Run(string[] args) => Run(args, Console.Out, Console.Error);

    internal static int Run(string[] args, TextWriter output, TextWriter errors)
    {
        // Numbers read and written the same on every machine.
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            var options = new PlanOptions(args);
            if (args.Length == 0 || options.Has("--help"))
            {
                WriteHelp(output);
                return 0;
            }

            if (options.Text("--list") is { } list)
            {
                WriteList(list, output);
                return 0;
            }

            var format = options.Text("--format") switch
            {
                null or "table" => PlanFormat.Table,
                "json" => PlanFormat.Json,
                "markdown" or "md" => PlanFormat.Markdown,
                var other => throw new PlanInputException($"--format '{other}' is not known.", "Write table, json or markdown."),
            };
            var plan = Planner.Make(PlanRequestReader.Read(options));
            PlanWriter.Write(PlanReporter.Of(plan), format, output);
            return plan.Memory.Starts ? 0 : 1;
        }
        catch (PlanInputException problem)
        {
            errors.WriteLine(problem.Message);
            return 2;
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static void WriteHelp(TextWriter output)
    {
        output.WriteLine("plan: what fits, how fast, how many, and with which vLLM arguments.\n");
        output.WriteLine("  plan --model qwen3-32b --gpu H100 --gpus-per-node 2 --context 32768 --users 200\n");
        foreach (var option in PlanOption.All)
        {
            output.WriteLine($"  {option.Name + " " + option.Value,-32} {option.Help}");
        }
    }

    private static void WriteList(string list, TextWriter output)
    {
        switch (list)
        {
            case "models":
                foreach (var model in Catalogue.Models)
                {
                    output.WriteLine($"{model.Name,-28} {string.Join(", ", model.Names.Skip(1))}");
                }

                break;
            case "gpus":
                foreach (var gpu in Catalogue.Gpus)
                {
                    var (bandwidth, flops) = (gpu.BandwidthBytesPerSecond / 1e9, gpu.Flops16 / 1e12);
                    output.WriteLine($"{gpu.Name,-36} {gpu.UsableMemory,12} {bandwidth,6:0} GB/s {flops,7:0.#} TFLOPS");
                }

                break;
            default:
                throw new PlanInputException($"There is no list of '{list}'.", "Write --list models or --list gpus.");
        }
    }
}
