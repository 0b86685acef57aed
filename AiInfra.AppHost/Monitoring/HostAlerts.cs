namespace AiInfra.AppHost.Monitoring;

/// <summary>Machines and GPUs beyond the limits that the platform states.</summary>
internal static class HostAlerts
{
    private const string NoGpu = "this host has no NVIDIA GPU, or no DCGM exporter";

    // File systems that hold data; the rest live in memory or repeat another.
    private const string Disk = """fstype!~"tmpfs|devtmpfs|ramfs|squashfs|overlay|iso9660|fuse.*" """;

    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(10);

    public static readonly IReadOnlyList<Alert> All =
    [
        new("HostCpuHigh", Severities.Ticket, Hold,
            new Condition("""1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))""", "> 0.8"))
        {
            Summary = "The CPUs of {{ $labels.instance }} are {{ $value | humanizePercentage }} busy",
            Description = "Above 80 % for 10 minutes.",
        },
        new("HostMemoryHigh", Severities.Ticket, Hold,
            new Condition("1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "> 0.85"))
        {
            Summary = "The memory of {{ $labels.instance }} is {{ $value | humanizePercentage }} full",
            Description = "Above 85 % for 10 minutes: the kernel will kill the largest process next.",
        },
        new("HostDiskFull", Severities.Ticket, Hold,
            new Condition($$"""1 - node_filesystem_avail_bytes{{{Disk.Trim()}}} / node_filesystem_size_bytes{{{Disk.Trim()}}}""", "> 0.8"))
        {
            Summary = "{{ $labels.mountpoint }} on {{ $labels.instance }} is {{ $value | humanizePercentage }} full",
            Description = "Above 80 % for 10 minutes.",
        },
        new("HostDiskFills", Severities.Page, TimeSpan.FromMinutes(30),
            new Condition($$"""predict_linear(node_filesystem_avail_bytes{{{Disk.Trim()}}}[1h], 4 * 3600)""", "< 0"))
        {
            Summary = "{{ $labels.mountpoint }} on {{ $labels.instance }} is full within 4 hours",
            Description = "At the pace of the last hour. Redis and the memory service refuse writes on a full disk.",
        },
        new("GpuBusy", Severities.Ticket, Hold,
            new Condition("avg_over_time(DCGM_FI_DEV_GPU_UTIL[5m])", "> 95") { Silent = NoGpu })
        {
            Summary = "GPU {{ $labels.gpu }} of {{ $labels.instance }} is {{ $value | humanize }} % busy",
            Description = "Above 95 % for 10 minutes: there is no headroom for a burst or for the load of a lost replica.",
        },
        new("GpuError", Severities.Page, TimeSpan.Zero,
            new Condition("DCGM_FI_DEV_XID_ERRORS", "> 0") { Silent = NoGpu })
        {
            Summary = "GPU {{ $labels.gpu }} of {{ $labels.instance }} reports XID {{ $value }}",
            Description = "The driver has reported an error of this GPU; the number says which.",
        },
        new("GpuHot", Severities.Ticket, Hold,
            new Condition("DCGM_FI_DEV_GPU_TEMP", "> 85") { Silent = NoGpu })
        {
            Summary = "GPU {{ $labels.gpu }} of {{ $labels.instance }} is at {{ $value }} °C",
            Description = "It lowers its clock to protect itself, and the replicas on it become slower.",
        },
    ];
}
