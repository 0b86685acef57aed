namespace AiInfra.AppHost.Topology;

/// <summary>Marks a container as a model server.</summary>
internal sealed record ModelServerAnnotation(ModelServer Server) : IResourceAnnotation;
