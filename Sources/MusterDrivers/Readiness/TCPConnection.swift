import Foundation
import MusterCore

/// A host and a port, `10.77.0.80:80`, `name:80` or `[::1]:80`.
struct TCPEndpoint: Sendable, Hashable {
    var host: String
    var port: Int

    /// Errors: `bad_argument`.
    init(_ text: String, defaultPort: Int? = nil) throws {
        var host = Substring(text)
        var port = defaultPort
        if let colon = text.lastIndex(of: ":"), text.last != "]" {
            host = text[..<colon]
            port = Int(text[text.index(after: colon)...])
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, let port, (1...65535).contains(port) else {
            throw MusterError(
                .badArgument, "\"\(text)\" is no address and port to check", hint: "write it like \"10.77.0.80:80\"")
        }
        self.host = String(host)
        self.port = port
    }
}

/// A TCP connection whose every wait ends at one deadline. Blocks.
final class TCPConnection {
    private let file: Int32
    private let endpoint: TCPEndpoint
    private let patience: Int64
    private let watch = Stopwatch()

    /// Connects within `patience` milliseconds. Errors: `not_ready`.
    init(_ endpoint: TCPEndpoint, patience: Int64) throws {
        self.endpoint = endpoint
        self.patience = patience
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let error = getaddrinfo(endpoint.host, String(endpoint.port), &hints, &found)
        guard error == 0, let address = found else {
            throw Self.notReady(endpoint, "its name is not found: \(String(cString: gai_strerror(error)))")
        }
        defer { freeaddrinfo(found) }
        file = socket(
            address.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue),
            0)
        guard file >= 0 else { throw failure("no socket") }
        if connect(file, address.pointee.ai_addr, address.pointee.ai_addrlen) != 0 {
            guard errno == EINPROGRESS else { throw failure(String(cString: strerror(errno))) }
            try wait(for: POLLOUT, "no answer to the connection")
            var result: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(file, SOL_SOCKET, SO_ERROR, &result, &size)
            guard result == 0 else { throw failure(String(cString: strerror(result)).lowercased()) }
        }
    }

    deinit { if file >= 0 { close(file) } }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            try wait(for: POLLOUT, "it does not take the request")
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw failure("it closed the connection") }
            sent += count
        }
    }

    /// The first line of the answer, without its end. Errors: `not_ready`.
    func firstLine() throws -> String {
        var line: [UInt8] = []
        while line.count < 4096 {
            try wait(for: POLLIN, "it accepted, but does not answer")
            var chunk = [UInt8](repeating: 0, count: 1024)
            let count = recv(file, &chunk, chunk.count, 0)
            guard count > 0 else { throw failure("it closed the connection without an answer") }
            line += chunk[..<count]
            if let end = line.firstIndex(of: 10) {
                return String(decoding: line[..<end], as: UTF8.self).trimmingCharacters(in: .whitespaces)
            }
        }
        throw failure("its answer is not HTTP")
    }

    func failure(_ what: String) -> MusterError { Self.notReady(endpoint, what) }

    private func wait(for event: Int32, _ what: String) throws {
        var readiness = pollfd(fd: file, events: Int16(event), revents: 0)
        let left = patience - watch.elapsed
        guard left > 0, poll(&readiness, 1, Int32(left)) > 0 else { throw failure("\(what) within \(patience) ms") }
    }

    private static func notReady(_ endpoint: TCPEndpoint, _ what: String) -> MusterError {
        MusterError("not_ready", "\(endpoint.host):\(endpoint.port) is not ready: \(what)")
    }
}
