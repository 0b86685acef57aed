namespace AiInfra.Bench.Running;

/// <summary>One benchmark: a name for the command line and a run that gives a table and its bars.</summary>
internal interface IBenchmark
{
    /// <summary>The word on the command line, lower case.</summary>
    string Name { get; }

    /// <summary>What it measures, against which base line, what it needs and about how long it takes: one line for <c>list</c>.</summary>
    string Summary { get; }

    Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken);
}
