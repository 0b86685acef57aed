using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AiInfra.AppHost.Ports;
using AiInfra.Tests.Fixtures;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace AiInfra.Tests.AppHost;

public sealed class PortTests : EngineTest
{
    [Fact]
    public void Ports_are_never_handed_out_twice_and_kept_until_they_are_released()
    {
        using var ports = new PortAllocator();
        var given = Enumerable.Range(0, 200).Select(_ => ports.Next()).ToList();

        Assert.Equal(200, given.Distinct().Count());
        Assert.All(given, port => Assert.InRange(port, 10000, 32767));
        using var intruder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Assert.Throws<SocketException>(() => intruder.Bind(new IPEndPoint(IPAddress.Loopback, given[0])));
        // Who connects before the server is there is refused, not left hanging.
        using var early = new TcpClient();
        Assert.Equal(SocketError.ConnectionRefused, Assert.Throws<SocketException>(() => early.Connect(IPAddress.Loopback, given[0])).SocketErrorCode);
        ports.Release(given[0]);
        intruder.Bind(new IPEndPoint(IPAddress.Loopback, given[0]));
    }

    [Fact]
    public async Task A_port_that_was_asked_for_and_is_taken_fails_its_resource_and_names_the_owner()
    {
        using var owner = new TcpListener(IPAddress.Loopback, FreePorts.Next());
        owner.Start();
        var port = ((IPEndPoint)owner.LocalEndpoint).Port;
        Builder.Configuration["DcpPublisher:RandomizePorts"] = "false";
        AddScript("server", "exec sleep 600").WithHttpEndpoint(port: port);
        AddServer("other");
        var app = await StartAsync();

        var failed = StateOf(app, "server");
        Assert.Equal(KnownResourceStates.FailedToStart, failed.State?.Text);
        Assert.StartsWith($"'server' was not started: port {port} is taken by ", failed.Reason, StringComparison.Ordinal);
        Assert.EndsWith($"(pid {Environment.ProcessId}).", failed.Reason, StringComparison.Ordinal);
        Assert.Equal(KnownResourceStates.Running, StateOf(app, "other").State?.Text);
    }

    [Fact]
    public async Task A_port_taken_between_its_release_and_the_bind_is_named_and_the_server_starts_when_it_is_free()
    {
        Builder.Configuration["AppHost:RestartPauseMilliseconds"] = "400";
        var gate = Path.Combine(Folder, "gate");
        // The port is the server's own from the start of its process on; somebody else binds it before the server does.
        AddScript("server", $"""while [ ! -f {gate} ]; do sleep 0.02; done; exec node -e 'require("net").createServer().listen(process.env.PORT, "127.0.0.1", () => console.log("bound"))'""")
            .WithHttpEndpoint(env: "PORT");
        var app = await StartAsync();
        var address = app.GetEndpoint("server");
        var told = WaitAsync(app, "server", snapshot => snapshot.Reason?.Contains("is taken by", StringComparison.Ordinal) == true);

        using (var owner = new TcpListener(IPAddress.Loopback, address.Port))
        {
            owner.Start();
            await File.WriteAllTextAsync(gate, "", Cancelled);
            Assert.Contains($"its port {address.Port} is taken by ", (await told).Snapshot.Reason, StringComparison.Ordinal);
        }

        await LineAsync(app, "server", line => line == "bound");
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, address.Port, Cancelled);
    }

    [Fact]
    public async Task A_port_taken_while_its_server_was_down_is_named_and_the_server_returns_when_it_is_free()
    {
        Builder.Configuration["AppHost:RestartPauseMilliseconds"] = "400";
        // Fails as a real server would whose port another process listens on: the flag stands for it.
        var flag = Path.Combine(Folder, "taken");
        AddServer("server", $"if [ -f {flag} ]; then echo address in use; exit 98; fi; exec sleep 600");
        var app = await StartAsync();
        var address = app.GetEndpoint("server");
        var told = WaitAsync(app, "server", snapshot => snapshot.Reason?.Contains("is taken by", StringComparison.Ordinal) == true);

        using (var owner = new TcpListener(IPAddress.Loopback, address.Port))
        {
            await File.WriteAllTextAsync(flag, "", Cancelled);
            owner.Start();
            using var process = Process.GetProcessById(StateOf(app, "server").ProcessId!.Value);
            process.Kill();
            var snapshot = (await told).Snapshot;
            Assert.Contains($"its port {address.Port} is taken by ", snapshot.Reason, StringComparison.Ordinal);
        }

        File.Delete(flag);
        await WaitAsync(app, "server", snapshot => snapshot.State?.Text == KnownResourceStates.Running);
        Assert.Equal(address, app.GetEndpoint("server"));
    }
}
