using AiInfra.ServiceDefaults.StrictHttp;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Refuses HTTP that two servers could read differently, and names that are not this service's.</summary>
public static class StrictHttpExtensions
{
    /// <summary>Adds the checks of <see cref="UseStrictHttp"/> and switches off what Kestrel tolerates in its parser.</summary>
    public static WebApplicationBuilder AddStrictHttp(this WebApplicationBuilder builder)
    {
        // Kestrel takes a bare LF for a line end unless told otherwise; a proxy in front may not (request smuggling).
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);

        // Kestrel's own parser takes "+30" for 30, which other servers do not. With an encoding of its own the header is held to digits.
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.RequestHeaderEncodingSelector =
            name => name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) ? DigitsOnly.Encoding : null);

        builder.Services.AddOptions<AllowedHostsOptions>()
            .BindConfiguration(AllowedHostsOptions.Section)
            .Validate(
                options => options.Origins.All(origin => Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.PathAndQuery == "/" && !origin.EndsWith('/')),
                "Hosts:Origins: an origin is scheme, host and port without a path, for example https://console.example:8443.")
            .ValidateOnStart();
        builder.Services.AddSingleton<AllowedHosts>();
        builder.Services.AddSingleton<StrictHttpMiddleware>();
        return builder;
    }

    /// <summary>
    /// Answers 400 and closes on Content-Length with Transfer-Encoding, on transfer codings other than <c>chunked</c> and on targets
    /// other than a path; 403 on a foreign <c>Host</c> or <c>Origin</c>. Call it first, before routing.
    /// </summary>
    public static WebApplication UseStrictHttp(this WebApplication app)
    {
        var strict = app.Services.GetRequiredService<StrictHttpMiddleware>();
        app.Use(next => context => strict.InvokeAsync(context, next));
        return app;
    }
}
