import Foundation
import MusterCore
import Synchronization

/// The socket file of one console server.
///
/// It is bound in a private folder beside its final place and linked there once it listens with mode 0600: no other user can
/// connect before that, and linking never replaces the socket of a live engine.
final class ConsoleSocket: Sendable {
    /// Where the server binds.
    let bindPath: String
    private let path: String
    private let folder: String
    private let published = Mutex<FileIdentity?>(nil)

    private struct FileIdentity: Equatable {
        var device: UInt64
        var inode: UInt64

        init?(_ path: String) {
            var status = stat()
            guard lstat(path, &status) == 0 else { return nil }
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
        }
    }

    /// Prepares a place. Errors: `console_busy`, `console_failed`.
    init(_ path: String) throws {
        self.path = path
        let parent = (path as NSString).deletingLastPathComponent
        let parentFolder = parent.isEmpty ? "." : parent
        let template = parentFolder + "/.muster-XXXXXX"
        guard max(path.utf8.count, template.utf8.count + 2) <= Self.longestPath else {
            throw Self.failure(path, "the path is longer than \(Self.longestPath) bytes")
        }
        try FileManager.default.makeFolder(parentFolder, failure: { Self.failure(path, $0) })
        try Self.refuseLiveEngine(path)
        var characters = template.utf8CString
        let made = characters.withUnsafeMutableBufferPointer { buffer in buffer.baseAddress.map { mkdtemp($0) != nil } ?? false }
        guard made else { throw Self.failure(path, Self.reason(errno)) }
        folder = characters.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? template }
        bindPath = folder + "/s"
    }

    /// The longest path of a Unix socket: `sun_path` of unix(7), less its final zero.
    static let longestPath = 107

    /// Makes the bound socket reachable at its path. Errors: as for `init`.
    func publish() throws {
        guard chmod(bindPath, 0o600) == 0, let identity = FileIdentity(bindPath) else {
            throw Self.failure(path, Self.reason(errno))
        }
        if link(bindPath, path) != 0 {
            guard errno == EEXIST else { throw Self.failure(path, Self.reason(errno)) }
            try Self.refuseLiveEngine(path)
            unlink(path)
            guard link(bindPath, path) == 0 else { throw Self.failure(path, Self.reason(errno)) }
        }
        published.withLock { $0 = identity }
        removeFolder()
    }

    /// Removes what this server put on the disk, and nothing that another one put there since.
    func remove() {
        removeFolder()
        let mine = published.withLock { $0 }
        if let mine, FileIdentity(path) == mine { unlink(path) }
    }

    private func removeFolder() {
        unlink(bindPath)
        rmdir(folder)
    }

    /// A socket that somebody accepts on is another engine's; one that refuses was left by a dead one.
    private static func refuseLiveEngine(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw failure(path, "there is a file that is no socket")
        }
        if SocketProbe.answers(path) {
            throw MusterError(
                "console_busy", "another engine answers at \(path)", hint: "stop it first, or choose another with --socket PATH")
        }
    }

    static func failure(_ path: String, _ reason: String) -> MusterError {
        MusterError("console_failed", "cannot serve at \(path): \(reason)", hint: "choose another place with --socket PATH")
    }

    private static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }
}

/// Whether anybody accepts connections on a Unix socket.
enum SocketProbe {
    static func answers(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(ConsoleSocket.longestPath)) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) == 0 }
        }
    }
}

extension FileManager {
    /// Makes a folder for the owner alone unless there is one.
    fileprivate func makeFolder(_ path: String, failure: (String) -> MusterError) throws {
        if fileExists(atPath: path) { return }
        do {
            try createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw failure("the folder \(path) cannot be made")
        }
    }
}
