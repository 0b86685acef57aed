using System.Net.Http.Headers;

namespace AiInfra.AppHost.Commands;

/// <summary>One call of a service's own API, for the person who gave a command.</summary>
internal static class ServiceCall
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { Timeout = TimeSpan.FromSeconds(30) };

    /// <returns>The body of the answer.</returns>
    /// <exception cref="HttpRequestException">The service does not answer, or refuses.</exception>
    public static async Task<string> SendAsync(HttpMethod method, string url, string? bearer, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer);
        using var response = await Client.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync(cancellationToken);
    }

    /// <summary>Turns what a call threw into the sentence that the dashboard shows.</summary>
    public static async Task<ExecuteCommandResult> ToResultAsync(Func<Task> call)
    {
        try
        {
            await call();
            return CommandResults.Success();
        }
        catch (HttpRequestException problem)
        {
            return CommandResults.Failure(problem.Message);
        }
    }
}
