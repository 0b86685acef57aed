namespace AiInfra.AppHost.Redis;

internal static class RedisConfiguration
{
    // Synced at every write: with everysec a power cut loses acknowledged writes, and budgets are money.
    public static string Text(string dataFolder, string password) => $"""
        bind 127.0.0.1 -::1
        protected-mode yes
        daemonize no
        dir "{dataFolder.Replace("\\", "/", StringComparison.Ordinal)}"
        requirepass {password}
        appendonly yes
        appendfsync always
        save ""
        maxmemory-policy noeviction

        """;
}
