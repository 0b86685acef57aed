namespace AiInfra.AppHost.Monitoring;

/// <summary>The machines under it all.</summary>
internal static class HostsDashboard
{
    private const string NoGpu = "this host has no NVIDIA GPU, or no DCGM exporter";
    private const string Disk = """instance=~"$host",fstype!~"tmpfs|devtmpfs|ramfs|squashfs|overlay|iso9660|fuse.*" """;

    public static readonly Dashboard Definition = new(
        "aiinfra-hosts", "AiInfra / Hosts and GPUs", "CPU, memory, disks and network of each host; use, memory, heat and errors of each GPU.",
        [DashboardVariable.Host],
        [
            new("Hosts",
                Panel.Curves("CPU", "percentunit", "Part of the CPU time that is used. Alert above 80 %.",
                    new PanelQuery("""1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle",instance=~"$host"}[$__rate_interval]))""", "{{instance}}")) with
                { RedAbove = 0.8 },
                Panel.Curves("Memory", "percentunit", "Part of the memory that is not available to a new process. Alert above 85 %.",
                    new PanelQuery("""1 - node_memory_MemAvailable_bytes{instance=~"$host"} / node_memory_MemTotal_bytes{instance=~"$host"}""", "{{instance}}")) with
                { RedAbove = 0.85 },
                Panel.Curves("Disks", "percentunit", "Part of each disk that is used. Alert above 80 %.",
                    new PanelQuery($$"""1 - node_filesystem_avail_bytes{{{Disk.Trim()}}} / node_filesystem_size_bytes{{{Disk.Trim()}}}""", "{{instance}} {{mountpoint}}")) with
                { RedAbove = 0.8 }),
            new("Disk and network",
                Panel.Curves("Disk busy", "percentunit", "Part of the time that each disk had work.",
                    new PanelQuery("""rate(node_disk_io_time_seconds_total{instance=~"$host"}[$__rate_interval])""", "{{instance}} {{device}}")),
                Panel.Curves("Network in", "Bps", "Bytes received a second, loopback aside.",
                    new PanelQuery("""sum by (instance) (rate(node_network_receive_bytes_total{instance=~"$host",device!="lo"}[$__rate_interval]))""", "{{instance}}")
                    {
                        Silent = "this host has no network beside loopback",
                    }),
                Panel.Curves("Network out", "Bps", "Bytes sent a second, loopback aside.",
                    new PanelQuery("""sum by (instance) (rate(node_network_transmit_bytes_total{instance=~"$host",device!="lo"}[$__rate_interval]))""", "{{instance}}")
                    {
                        Silent = "this host has no network beside loopback",
                    })),
            new("Redis",
                Panel.Curves("Memory", "bytes", "What keys, policies and budgets take. Nothing is ever evicted.", new PanelQuery("redis_memory_used_bytes", "{{instance}}")),
                Panel.Curves("Commands", "ops", "Commands a second: lease requests and settlements of the gateways.",
                    new PanelQuery("rate(redis_commands_processed_total[$__rate_interval])", "{{instance}}")),
                Panel.Curves("Clients", "none", "Open connections.", new PanelQuery("redis_connected_clients", "{{instance}}"))),
            new("GPUs",
                Gpu("Use", "percent", "Part of the time that a kernel ran. Alert above 95 %.", "DCGM_FI_DEV_GPU_UTIL", 95),
                Gpu("Memory used", "decmbytes", "Framebuffer in use. vLLM takes its share at start and keeps it.", "DCGM_FI_DEV_FB_USED", null),
                Gpu("Temperature", "celsius", "Above 85 °C the clocks go down.", "DCGM_FI_DEV_GPU_TEMP", 85),
                Gpu("Power", "watt", "Power drawn now.", "DCGM_FI_DEV_POWER_USAGE", null),
                Gpu("Last XID", "none", "Number of the driver's last error; 0 is none.", "DCGM_FI_DEV_XID_ERRORS", 1)),
        ]);

    private static Panel Gpu(string title, string unit, string description, string gauge, double? limit) =>
        Panel.Curves(title, unit, description, new PanelQuery($$"""max by (instance, gpu) ({{gauge}}{instance=~"$host"})""", "{{instance}} GPU {{gpu}}") { Silent = NoGpu }) with
        { RedAbove = limit };
}
