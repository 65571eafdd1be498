import Foundation
import MusterCore

/// The folder that holds an engine's state, locked by one engine at a time.
public final class StateDirectory: Sendable {
    public let path: String
    private let descriptor: Int32

    public var database: String { path + "/muster.sqlite" }
    public var exports: String { path + "/exports" }

    /// Makes the folder if need be and takes its lock, which ends with the process. Errors: `store_locked`, `store_failed`.
    public init(_ path: String) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw MusterError(
                .storeFailed, "cannot make the state directory \(path): \(error.localizedDescription)",
                hint: "choose another with --state DIR")
        }
        descriptor = Glibc.open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw MusterError(
                .storeFailed, "cannot open \(path)/lock: \(String(cString: strerror(errno)))", hint: "check the folder's owner and mode")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            Glibc.close(descriptor)
            throw MusterError(
                .storeLocked, "another engine uses the state directory \(path)", hint: "stop it first, or choose another with --state DIR")
        }
    }

    deinit { close(descriptor) }
}
