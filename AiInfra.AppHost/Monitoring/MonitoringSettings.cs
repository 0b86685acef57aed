using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace AiInfra.AppHost.Monitoring;

/// <summary>Settings of the monitoring stack, read from the section <c>Monitoring</c> before anything is added to the model.</summary>
public sealed class MonitoringSettings
{
    public const string Section = "Monitoring";

    /// <summary>How often targets are scraped and rules evaluated. 1 second to 1 minute, default 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan ScrapeInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long Prometheus keeps samples. 1 hour to 365 days, default 15 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(15);

    /// <summary>The most that Prometheus keeps on disk, in MiB: the older samples go first. 64 to 1048576, default 4096.</summary>
    [Range(64, 1_048_576)]
    public int RetentionMegabytes { get; set; } = 4096;

    /// <summary>
    /// Factor on every waiting time of alerts: how long a condition must hold, and how long Alertmanager groups. 0 to 1,
    /// default 1. For drills and tests, where nobody waits ten minutes for an alert.
    /// </summary>
    [Range(0.0, 1.0)]
    public double AlertDelayFactor { get; set; } = 1;

    /// <summary>Receives alerts that wake somebody (Alertmanager's webhook format). Default: none, they are only shown.</summary>
    public Uri? PageWebhook { get; set; }

    /// <summary>Receives alerts for working hours. Default: none, they are only shown.</summary>
    public Uri? TicketWebhook { get; set; }

    /// <summary>Receives the alert that always fires; its silence means that monitoring is dead. Default: none.</summary>
    public Uri? WatchdogWebhook { get; set; }

    /// <summary>
    /// Page of a trace, with <c>{trace}</c> where its id belongs, such as <c>http://localhost:18888/traces/detail/{trace}</c> of the
    /// Aspire dashboard. Dashboards link their exemplars there. Default: none, ids are shown without a link.
    /// </summary>
    public string? TracePage { get; set; }

    /// <summary>Where the runbook is served; every alert links to its section there. Default <c>docs/runbook.md</c>, in this repository.</summary>
    [Required]
    public string Runbook { get; set; } = "docs/runbook.md";

    /// <exception cref="DistributedApplicationException">A setting is out of its range; the message names it.</exception>
    internal static MonitoringSettings From(IConfiguration configuration)
    {
        var settings = configuration.GetSection(Section).Get<MonitoringSettings>() ?? new MonitoringSettings();
        var problems = new List<ValidationResult>();
        return Validator.TryValidateObject(settings, new ValidationContext(settings), problems, validateAllProperties: true)
            ? settings
            : throw new DistributedApplicationException($"{Section}:{problems[0].MemberNames.First()}: {problems[0].ErrorMessage}");
    }
}
