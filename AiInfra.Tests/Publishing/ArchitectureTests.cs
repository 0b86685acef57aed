using AiInfra.AppHost.Topology;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace AiInfra.Tests.Publishing;

/// <summary>The arrows are written down once more than the model's references: here the two are compared.</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public async Task Every_reference_of_the_application_model_is_an_arrow_and_every_arrow_between_services_a_reference()
    {
        await using var host = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AiInfra_AppHost>(
            ["--AppHost:Quiet=true"], TestContext.Current.CancellationToken);
        // Monitoring is there as far as its programs are on PATH; its arrows are those of its targets.
        var references = host.Resources.Where(resource => resource is not ParameterResource)
            .SelectMany(resource => resource.Annotations.OfType<ResourceRelationshipAnnotation>()
                .Where(relation => relation.Type == "Reference" && relation.Resource is not ParameterResource)
                .Select(relation => $"{resource.Name} → {relation.Resource.Name}"))
            .Distinct().Order();

        var arrows = Reference.Compose.Arrows
            .Where(arrow => arrow.From is Architecture.Gateway or Architecture.Memory)
            .Select(arrow => $"{arrow.From} → {arrow.To}").Order();
        Assert.Equal(arrows, references);
    }

    [Fact]
    public void No_arrow_leads_outwards_through_the_zones()
    {
        Assert.All(
            Reference.Compose.Arrows.Where(arrow => arrow.From != Architecture.Outside && arrow.To != Architecture.Internet),
            arrow => Assert.True(
                Reference.Compose[arrow.From].Zone <= Reference.Compose[arrow.To].Zone || arrow.To == Architecture.Gateway, $"{arrow.From} → {arrow.To}"));
        Assert.DoesNotContain(Reference.Compose.Arrows, arrow => arrow.From is Architecture.Redis or Architecture.Chroma);
    }

    [Fact]
    public void Every_arrow_ends_at_a_port_that_its_service_has()
    {
        Assert.All(
            Reference.Compose.Arrows.Where(arrow => arrow.To != Architecture.Internet),
            arrow => Assert.Contains(arrow.Port, Reference.Compose[arrow.To].Ports.Values));
    }

    [Fact]
    public void A_service_without_a_shape_is_named()
    {
        var unknown = Assert.Throws<InvalidOperationException>(() => Reference.Compose["queue"]);

        Assert.Contains("'queue' has no entry in Topology/Architecture.cs", unknown.Message, StringComparison.Ordinal);
    }
}
