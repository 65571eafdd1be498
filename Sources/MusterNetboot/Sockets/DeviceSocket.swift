import Glibc
import MusterCore

/// Sockets that hear and speak on one network interface only. The caller owns the descriptors.
enum DeviceSocket {
    /// A UDP socket for a port, on all addresses (nil) or on one. Errors: `boot_network`.
    static func datagram(interface: String, address: IPv4Address?, port: Int, purpose: String) throws -> CInt {
        try opened(AF_INET, SOCK_DGRAM, IPPROTO_UDP, purpose: purpose) { descriptor in
            try bindToDevice(descriptor, interface, purpose: purpose)
            try set(descriptor, SOL_SOCKET, SO_BROADCAST, 1, purpose: purpose)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = in_port_t(port).bigEndian
            name.sin_addr.s_addr = (address?.number ?? INADDR_ANY).bigEndian
            let result = withUnsafePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard result == 0 else { throw failure(errno, purpose: "\(purpose) on port \(port)", interface: interface) }
        }
    }

    /// A raw ICMPv6 socket that hears router solicitations and sends with hop limit 255 (RFC 4861 section 6.1). Errors:
    /// `boot_network`.
    static func routerDiscovery(interface: String) throws -> CInt {
        let purpose = "router advertisements"
        return try opened(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, purpose: purpose) { descriptor in
            try bindToDevice(descriptor, interface, purpose: purpose)
            let index = CInt(try index(of: interface))
            try set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255, purpose: purpose)
            try set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_IF, index, purpose: purpose)
            try set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, purpose: purpose)
            // ICMP6_FILTER: a set bit blocks that type; all but router solicitation (133).
            var filter = [UInt32](repeating: .max, count: 8)
            filter[133 / 32] &= ~(1 << (133 % 32))
            let result = setsockopt(descriptor, CInt(IPPROTO_ICMPV6), 1, filter, socklen_t(filter.count * 4))
            guard result == 0 else { throw failure(errno, purpose: purpose, interface: interface) }
            var group = ipv6_mreq()
            inet_pton(AF_INET6, "ff02::2", &group.ipv6mr_multiaddr)
            group.ipv6mr_interface = UInt32(index)
            let joined = setsockopt(
                descriptor, CInt(IPPROTO_IPV6), IPV6_ADD_MEMBERSHIP, &group, socklen_t(MemoryLayout<ipv6_mreq>.size))
            guard joined == 0 else { throw failure(errno, purpose: purpose, interface: interface) }
        }
    }

    /// The kernel's number of an interface. Errors: `boot_network`.
    static func index(of interface: String) throws -> UInt32 {
        let index = if_nametoindex(interface)
        guard index != 0 else { throw failure(ENODEV, purpose: "the boot service", interface: interface) }
        return index
    }

    private static func opened(
        _ family: CInt, _ type: __socket_type, _ transport: Int, purpose: String, configure: (CInt) throws -> Void
    ) throws -> CInt {
        let descriptor = socket(family, CInt(type.rawValue) | CInt(SOCK_CLOEXEC.rawValue), CInt(transport))
        guard descriptor >= 0 else { throw failure(errno, purpose: purpose, interface: nil) }
        do {
            try configure(descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func bindToDevice(_ descriptor: CInt, _ interface: String, purpose: String) throws {
        let result = setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface, socklen_t(interface.utf8.count))
        guard result == 0 else { throw failure(errno, purpose: purpose, interface: interface) }
    }

    private static func set(_ descriptor: CInt, _ level: some BinaryInteger, _ option: CInt, _ value: CInt, purpose: String)
        throws
    {
        var value = value
        let result = setsockopt(descriptor, CInt(level), option, &value, socklen_t(MemoryLayout<CInt>.size))
        guard result == 0 else { throw failure(errno, purpose: purpose, interface: nil) }
    }

    static func failure(_ number: CInt, purpose: String, interface: String?) -> MusterError {
        let place = interface.map { " on \($0)" } ?? ""
        let hint =
            switch number {
            case EACCES, EPERM: "run as root, or give the program CAP_NET_RAW and CAP_NET_BIND_SERVICE"
            case EADDRINUSE: "another program serves this port: find it with ss -lunp, or ss -ltnp for HTTP"
            case ENODEV: "name an existing interface in the boot network; ip link shows them"
            case EADDRNOTAVAIL: "give the interface the boot network's address first: ip address add ADDRESS/PREFIX dev NAME"
            case EAFNOSUPPORT: "this machine has no IPv6"
            default: "see ip address show"
            }
        return MusterError(
            "boot_network", "\(purpose) cannot start\(place): \(String(cString: strerror(number)))", hint: hint,
            subject: interface)
    }
}
