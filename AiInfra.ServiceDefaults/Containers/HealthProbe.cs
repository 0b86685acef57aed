using System.Net;

namespace AiInfra.ServiceDefaults.Containers;

/// <summary>
/// Asks a health page, for container runtimes that ask inside the container: images without a shell have no other program for it.
/// </summary>
public static class HealthProbe
{
    private const string Verb = "probe";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Answers <c>probe URL</c>.</summary>
    /// <param name="args">The program's arguments.</param>
    /// <returns>True when that is what was asked: then the exit code is set, 0 for an answer of 200 within 5 seconds and 1 for anything else.</returns>
    public static bool Answers(string[] args)
    {
        if (args is not [Verb, var url])
        {
            return false;
        }

        Environment.ExitCode = IsHealthy(url) ? 0 : 1;
        return true;
    }

    private static bool IsHealthy(string url)
    {
        using var client = new HttpClient { Timeout = Limit };
        try
        {
            using var response = client.Send(new HttpRequestMessage(HttpMethod.Get, url));
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception problem) when (problem is HttpRequestException or TaskCanceledException or UriFormatException or InvalidOperationException)
        {
            Console.Error.WriteLine($"{url}: {problem.Message}");
            return false;
        }
    }
}
