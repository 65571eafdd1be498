import Foundation
import MusterCore

/// The socket that an export process listens on, opened by the engine and handed over.
///
/// Handing it over settles the port before the process starts, and lets the engine set what QEMU does not: keepalive, which on
/// Linux every accepted connection takes over. A machine that was reset leaves its connection half open; when it comes up
/// again its kernel answers the next probe with a reset, and when it does not, the connection ends after 25 s.
struct ListeningSocket {
    let descriptor: Int32
    let port: Int

    private static let keepalive: [(option: Int32, value: Int32)] = [
        (TCP_KEEPIDLE, 10), (TCP_KEEPINTVL, 5), (TCP_KEEPCNT, 3),
    ]

    /// The first free port of the range, beginning at a place that follows from the epoch so that a port is not soon used again.
    /// Errors: `export_failed`.
    static func open(host: String, range: ClosedRange<Int>, epoch: Epoch) throws -> ListeningSocket {
        let offset = Int(epoch.rawValue % Int64(range.count))
        for step in 0..<range.count {
            let port = range.lowerBound + (offset + step) % range.count
            if let socket = try listen(host: host, port: port) { return socket }
        }
        throw MusterError(
            .exportFailed, "no port of \(range.lowerBound)–\(range.upperBound) is free on \(host)",
            hint: "widen the port range of exports, or end what listens there (`ss -ltnp`)")
    }

    /// Nil when the port is taken.
    private static func listen(host: String, port: Int) throws -> ListeningSocket? {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else {
            throw MusterError(
                .badArgument, "\"\(host)\" is no IPv4 address to export on", hint: "write an address like 10.77.0.1")
        }
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { throw failure(host, port) }
        var done = false
        defer { if !done { close(file) } }
        for (level, option, value) in [(SOL_SOCKET, SO_REUSEADDR, Int32(1)), (SOL_SOCKET, SO_KEEPALIVE, 1)] {
            try set(file, level, option, value)
        }
        for (option, value) in keepalive { try set(file, Int32(IPPROTO_TCP), option, value) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, Glibc.listen(file, 64) == 0 else {
            if errno == EADDRINUSE { return nil }
            throw failure(host, port)
        }
        done = true
        return ListeningSocket(descriptor: file, port: port)
    }

    private static func set(_ file: Int32, _ level: Int32, _ option: Int32, _ value: Int32) throws {
        var value = value
        guard setsockopt(file, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw MusterError(.exportFailed, "cannot set a socket option: \(String(cString: strerror(errno)))")
        }
    }

    private static func failure(_ host: String, _ port: Int) -> MusterError {
        MusterError(
            .exportFailed, "cannot listen on \(host):\(port): \(String(cString: strerror(errno)))",
            hint: "the address must be one of this machine's own")
    }
}
