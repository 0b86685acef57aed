using AiInfra.AppHost.Planning;
using AiInfra.Tests.Fixtures;
using CsCheck;

namespace AiInfra.Tests.Planning;

public sealed class PlannerPropertyTests
{
    private static readonly Gen<ModelShape> Models = OneOf([.. Catalogue.Models.Select(model => model.Shape)]);

    private static readonly Gen<VllmVersion> Versions = OneOf(
        "0.6.0", "0.9.0", "0.10.1", "0.12.0", "0.19.0", "0.21.0", "0.32.0").Select(VllmVersion.Parse);

    private static readonly Gen<PlanRequest> Requests =
        from model in Models
        from version in Versions
        from gibibytes in Gen.Double[4, 200]
        from unified in Gen.Bool
        from weights in OneOf([.. WeightPrecision.All])
        from cache in OneOf(CacheType.Auto, CacheType.Fp8, CacheType.Int8PerHead)
        from gpus in Gen.Int[1, 8]
        from context in Gen.Int[1500, 200_000]
        from caching in Gen.Bool
        select new PlanRequest(
            model, weights, new GpuKind("any", Bytes.FromGibibytes(gibibytes), 2e12, 500e12, 1000e12, 0) { Capability = "9.0", IsUnified = unified },
            new ServingChoices(version) { Cache = cache, ContextTokens = Math.Min(context, model.ContextTokens), PrefixCaching = caching })
        {
            GpusPerNode = gpus,
        };

    [Fact]
    public void More_memory_never_fits_less() => Gen.Select(Requests, Gen.Double[1, 2]).Holds(
        (request, more) =>
        {
            var larger = request with { Gpu = request.Gpu with { UsableMemory = request.Gpu.UsableMemory * more } };
            return !Planner.Fits(request) || Planner.Fits(larger);
        },
        cases: 400);

    [Fact]
    public void More_memory_never_means_fewer_tokens_with_the_same_settings() => Gen.Select(Requests, Gen.Double[1, 2]).Holds(
        (request, more) =>
        {
            var settings = SettingsResolver.Resolve(request.Model, request.Gpu, request.Serving);
            MemoryPlan With(Bytes memory) => MemoryPlan.Of(
                request.Model, request.Weights.On(request.Model), request.Gpu with { UsableMemory = memory }, Parallelism.One, settings);
            return With(request.Gpu.UsableMemory * more).CacheTokens >= With(request.Gpu.UsableMemory).CacheTokens;
        },
        cases: 400);

    [Fact]
    public void A_longer_context_never_gives_more_concurrency() => Gen.Select(Requests, Gen.Double[1, 4], Gen.Long[1, 500_000]).Holds(
        (request, longer, blocks) =>
        {
            var (shape, gpu) = (request.Model, request.Gpu);
            var settings = SettingsResolver.Resolve(shape, gpu, request.Serving with { BatchedTokens = 4096 });
            var layout = CacheLayout.Of(shape, Parallelism.One, settings);
            var context = settings.ContextTokens;
            return layout.Concurrency(blocks, (long)(context * longer)) <= layout.Concurrency(blocks, context)
                && layout.Needed((long)(context * longer), 0) >= layout.Needed(context, 0);
        },
        cases: 400);

    [Fact]
    public void A_longer_context_never_raises_a_plan_s_concurrency() => Gen.Select(Requests, Gen.Double[1, 4]).Holds(
        (request, longer) =>
        {
            var (context, alone) = (request.Serving.ContextTokens!.Value, request with { GpusPerNode = 1 });
            PlanRequest With(int tokens) => alone with { Serving = alone.Serving with { ContextTokens = Math.Min(tokens, request.Model.ContextTokens) } };
            return Planner.Make(With((int)(context * longer))).Memory.Concurrency <= Planner.Make(With(context)).Memory.Concurrency + 1e-9;
        },
        cases: 200);

    [Fact]
    public void The_longest_request_fits_and_one_token_more_does_not() => Gen.Select(Requests, Gen.Double[0.1, 100]).Holds(
        (request, gibibytes) =>
        {
            var settings = SettingsResolver.Resolve(request.Model, request.Gpu, request.Serving);
            var layout = CacheLayout.Of(request.Model, Parallelism.One, settings);
            var pool = Bytes.FromGibibytes(gibibytes);
            var longest = layout.LongestRequest(pool, 0, request.Model.ContextTokens);
            return (longest == 0 || layout.Needed(longest, 0) <= pool)
                && (longest == request.Model.ContextTokens || layout.Needed(longest + 1, 0) > pool);
        },
        cases: 400);

    [Fact]
    public void Every_plan_can_be_made_and_written() => Requests.Holds(
        request =>
        {
            var plan = Planner.Make(request);
            var written = new StringWriter();
            PlanWriter.Write(PlanReporter.Of(plan), PlanFormat.Json, written);
            return plan.Memory.Stages.All(stage => stage.Requested <= request.Gpu.UsableMemory)
                && (plan.Verdict != "starts" || plan.Memory.Concurrency >= 1 - 1e-9)
                && written.ToString().Contains("\"poolBytes\"", StringComparison.Ordinal);
        },
        cases: 150);

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);
}
