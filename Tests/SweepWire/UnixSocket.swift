import Foundation
import MusterCore

/// Sockets with a path.
public enum UnixSocket {
    /// A socket that listens on a path. Errors: `socket`.
    public static func listen(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let bound = try withAddress(path) { bind(descriptor, $0, $1) }
        guard descriptor >= 0, bound == 0, Glibc.listen(descriptor, 16) == 0 else { throw failure("listen on", path) }
        return descriptor
    }

    /// The next process that connects. Errors: `socket` when the listening socket was closed.
    public static func accept(_ listening: Int32) throws -> Int32 {
        let descriptor = Glibc.accept(listening, nil, nil)
        guard descriptor >= 0 else { throw failure("accept on", "\(listening)") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    public static func connect(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let connected = try withAddress(path) { Glibc.connect(descriptor, $0, $1) }
        guard descriptor >= 0, connected == 0 else { throw failure("connect to", path) }
        return descriptor
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { throw failure("use the long path", path) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    private static func failure(_ what: String, _ path: String) -> MusterError {
        MusterError("socket", "cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }
}
