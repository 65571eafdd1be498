import Glibc

/// TCP clients that come and go as fast as they can: some say nothing, some half a request, some a whole one, and none waits for
/// the answer.
final class RudeClients: Sendable {
    private static let words = [
        "", "GET /files/none HTTP/1.1\r\nHos", "GET /files/large HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /files/none HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
    ]
    private static let atOnce = 32

    private let task: Task<Int, Never>

    init(_ host: String, port: Int) {
        task = Task.detached {
            var open: [CInt] = []
            var connections = 0
            while !Task.isCancelled {
                let descriptor = TCP.connect(host, port: port)
                if descriptor >= 0 {
                    connections += 1
                    TCP.say(Self.words[connections % Self.words.count], on: descriptor)
                    open.append(descriptor)
                }
                // Also while nobody listens: the server waits for those that it has.
                if open.count == Self.atOnce || descriptor < 0, !open.isEmpty { close(open.removeFirst()) }
                await Task.yield()
            }
            open.forEach { close($0) }
            return connections
        }
    }

    /// Ends them, and tells how many connections there were.
    func end() async -> Int {
        task.cancel()
        return await task.value
    }
}

/// Plain TCP on loopback.
enum TCP {
    /// A connected socket, which is reset when it is closed so that its port is free at once; -1 when nobody
    /// listens.
    static func connect(_ host: String, port: Int) -> CInt {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var reset = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
        // A full accept queue would keep the caller for a second.
        var patience = timeval(tv_sec: 0, tv_usec: 100_000)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard named(host, port: port, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            return -1
        }
        return descriptor
    }

    static func say(_ text: String, on descriptor: CInt) {
        let bytes = Array(text.utf8)
        send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
    }

    /// A port of this address that nobody had a moment ago.
    static func freePort(_ host: String) -> Int {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        guard named(host, port: 0, { bind(descriptor, $0, $1) }) == 0 else { return 0 }
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return Int(UInt16(bigEndian: name.sin_port))
    }

    private static func named(_ host: String, port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        inet_pton(AF_INET, host, &name.sin_addr)
        return withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
