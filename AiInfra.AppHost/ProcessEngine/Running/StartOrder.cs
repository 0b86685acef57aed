namespace AiInfra.AppHost.ProcessEngine.Running;

/// <summary>What waits for what: faults are found before anything starts, and the way back is dependents first.</summary>
internal static class StartOrder
{
    /// <exception cref="DistributedApplicationException">A resource waits for one that is not in the model, or for itself through others.</exception>
    public static void Check(IReadOnlyCollection<IResource> resources)
    {
        var done = new HashSet<IResource>();
        foreach (var resource in resources)
        {
            Visit(resource, []);
        }

        void Visit(IResource resource, List<IResource> path)
        {
            if (path.Contains(resource))
            {
                var circle = path.SkipWhile(one => one != resource).Append(resource).Select(one => $"'{one.Name}'");
                throw new DistributedApplicationException($"Resources wait for each other in a circle: {string.Join(" waits for ", circle)}.");
            }

            if (done.Contains(resource))
            {
                return;
            }

            foreach (var wait in resource.Annotations.OfType<WaitAnnotation>())
            {
                if (!resources.Contains(wait.Resource))
                {
                    throw new DistributedApplicationException($"'{resource.Name}' waits for '{wait.Resource.Name}', which is not part of the application.");
                }

                Visit(wait.Resource, [.. path, resource]);
            }

            done.Add(resource);
        }
    }

    /// <summary>Groups to stop one after the other: nobody in a group is needed by a later one, as far as references have no circles.</summary>
    public static IReadOnlyList<IReadOnlyList<T>> StopGroups<T>(IReadOnlyCollection<T> resources)
        where T : IResource
    {
        var depth = new Dictionary<IResource, int>();
        foreach (var resource in resources)
        {
            Depth(resource, []);
        }

        return [.. resources.GroupBy(resource => depth[resource]).OrderByDescending(group => group.Key).Select(group => group.ToList())];

        int Depth(IResource resource, List<IResource> path)
        {
            if (depth.TryGetValue(resource, out var known))
            {
                return known;
            }

            var needs = resource.Annotations.OfType<WaitAnnotation>().Select(wait => wait.Resource)
                .Concat(resource.Annotations.OfType<ResourceRelationshipAnnotation>().Select(relation => relation.Resource))
                .Where(needed => needed != resource && !path.Contains(needed));
            var found = needs.Select(needed => Depth(needed, [.. path, resource]) + 1).DefaultIfEmpty(0).Max();
            // Inside a circle the value depends on where the walk began: only the walk's own start is kept.
            if (path.Count == 0)
            {
                depth[resource] = found;
            }

            return found;
        }
    }
}
