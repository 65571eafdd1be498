import CSodium
import Foundation
import MusterCore

/// The key that secrets are encrypted with.
enum SecretKey {
    static let length = Int(crypto_secretbox_keybytes())

    /// Reads the key from the systemd credential `muster-key`, or from `secret.key` in the state directory, which is made when absent.
    static func load(stateDirectory: String) throws -> [UInt8] {
        if let credentials = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"],
            let key = FileManager.default.contents(atPath: credentials + "/muster-key")
        {
            return try checked([UInt8](key), credentials + "/muster-key")
        }
        let path = stateDirectory + "/secret.key"
        if let key = FileManager.default.contents(atPath: path) { return try checked([UInt8](key), path) }
        return try make(path)
    }

    private static func checked(_ key: [UInt8], _ path: String) throws -> [UInt8] {
        guard key.count == length else {
            throw MusterError(
                .noSecret, "\(path) holds \(key.count) bytes; a key has \(length)", hint: "restore the key file from where you keep it")
        }
        return key
    }

    /// Makes a new key so that two processes that both find none agree on one: the first to link its file wins.
    private static func make(_ path: String) throws -> [UInt8] {
        var key = [UInt8](repeating: 0, count: length)
        randombytes_buf(&key, length)
        // Not the process id: in a container that is the same after a crash in between.
        let temporary = "\(path).\(UInt64.random(in: .min ... .max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        let written = write(descriptor, key, length)
        fsync(descriptor)
        close(descriptor)
        defer { unlink(temporary) }
        guard written == length else { throw failure(path) }
        if link(temporary, path) == 0 { return key }
        guard errno == EEXIST, let other = FileManager.default.contents(atPath: path) else { throw failure(path) }
        return try checked([UInt8](other), path)
    }

    private static func failure(_ path: String) -> MusterError {
        MusterError(
            .storeFailed, "cannot write the key file \(path): \(String(cString: strerror(errno)))",
            hint: "check the state directory's owner and mode")
    }
}
