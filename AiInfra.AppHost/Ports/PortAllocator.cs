using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace AiInfra.AppHost.Ports;

/// <summary>
/// Hands out loopback ports in 10000–32767 (below the range of outgoing connections), free on IPv4 and IPv6, never twice. A port is
/// kept bound, but not listening, until its process starts: nobody takes it meanwhile, and who connects early is refused at once.
/// </summary>
internal sealed partial class PortAllocator : IDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<int> _given = [];
    private readonly Dictionary<int, List<Socket>> _held = [];

    public int Next()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            var port = Random.Shared.Next(10000, 32768);
            lock (_lock)
            {
                if (!_given.Contains(port) && Bind(port) is { } sockets)
                {
                    _given.Add(port);
                    _held[port] = sockets;
                    return port;
                }
            }
        }

        throw new Aspire.Hosting.DistributedApplicationException("No free port was found between 10000 and 32767 in 1000 draws.");
    }

    /// <summary>Takes a port that somebody asked for. It is not held: closed connections of the last run may still linger on it.</summary>
    /// <returns>False when a process listens on the port, or this application gave it out before.</returns>
    public bool TryTake(int port)
    {
        lock (_lock)
        {
            return !PortOwner.IsTaken(port) && _given.Add(port);
        }
    }

    /// <summary>Lets the process bind the port that is meant for it.</summary>
    public void Release(int port)
    {
        lock (_lock)
        {
            if (_held.Remove(port, out var sockets))
            {
                sockets.ForEach(socket => socket.Dispose());
            }
        }
    }

    public void Dispose() => _held.Keys.ToList().ForEach(Release);

    private static List<Socket>? Bind(int port)
    {
        var sockets = new List<Socket>();
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            try
            {
                var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                BindAlone(socket, new IPEndPoint(address, port));
            }
            // A machine without IPv6 has nobody to collide with there.
            catch (SocketException problem) when (problem.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported)
            {
            }
            catch (SocketException)
            {
                sockets.ForEach(socket => socket.Dispose());
                return null;
            }
        }

        return sockets;
    }

    // Socket.Bind lets others bind the same port on Unix (SO_REUSEADDR), which is right for servers and wrong for a place holder.
    private static void BindAlone(Socket socket, IPEndPoint endpoint)
    {
        if (OperatingSystem.IsWindows())
        {
            socket.ExclusiveAddressUse = true;
            socket.Bind(endpoint);
            return;
        }

        var address = endpoint.Serialize();
        if (Bind((int)socket.Handle, ref MemoryMarshal.GetReference(address.Buffer.Span), address.Size) != 0)
        {
            // EADDRNOTAVAIL: 99 on Linux, 49 on macOS.
            var missing = Marshal.GetLastPInvokeError() is 99 or 49;
            throw new SocketException((int)(missing ? SocketError.AddressNotAvailable : SocketError.AddressAlreadyInUse));
        }
    }

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(int socket, ref byte address, int length);
}
