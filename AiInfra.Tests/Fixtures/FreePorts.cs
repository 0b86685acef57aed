using System.Net;
using System.Net.Sockets;

namespace AiInfra.Tests.Fixtures;

/// <summary>Loopback ports that nothing listens on, below the ephemeral range so that no outgoing connection takes them meanwhile.</summary>
internal static class FreePorts
{
    private static readonly HashSet<int> Given = [];

    public static int Next()
    {
        lock (Given)
        {
            for (var attempt = 0; attempt < 1000; attempt++)
            {
                var port = Random.Shared.Next(10000, 32768);
                if (IsFree(IPAddress.Loopback, port) && IsFree(IPAddress.IPv6Loopback, port) && Given.Add(port))
                {
                    return port;
                }
            }
        }

        throw new InvalidOperationException("No free port was found in 1000 draws.");
    }

    private static bool IsFree(IPAddress address, int port)
    {
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && !Socket.OSSupportsIPv6)
        {
            return true;
        }

        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
