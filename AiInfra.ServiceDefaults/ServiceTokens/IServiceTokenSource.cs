namespace AiInfra.ServiceDefaults.ServiceTokens;

/// <summary>Where a service gets the tokens for its calls to other services: the platform's token service, or Entra ID where that is configured.</summary>
public interface IServiceTokenSource
{
    /// <summary>A token that is good for a while yet; asked for anew only when the last one nears its end.</summary>
    /// <param name="audience">The service that is called, by its resource name.</param>
    /// <param name="subjectToken">The token of the caller on whose behalf the call is made; null: the service calls for itself.</param>
    /// <param name="cancellationToken">Nobody waits any more.</param>
    /// <exception cref="HttpRequestException">The token service refused or did not answer.</exception>
    ValueTask<string> GetAsync(string audience, string? subjectToken, CancellationToken cancellationToken);
}
