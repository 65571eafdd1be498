import Foundation
import GRDB
import MusterCore
import MusterEngine

/// The file that a backup is written into: made under another name beside its own, and renamed when it is whole and on the disk.
struct BackupFile {
    let path: String
    let temporary: String

    /// Errors: `bad_argument`, `file_exists`.
    init(path: String, replacing: Bool, stateDirectory: String) throws {
        guard path.hasPrefix("/"), !path.hasSuffix("/") else {
            throw MusterError(.badArgument, "\"\(path)\" is no absolute path of a file", hint: "muster backup /srv/backups/muster.db")
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().resolvingSymlinksInPath().path
        let state = URL(fileURLWithPath: stateDirectory).resolvingSymlinksInPath().path
        guard folder != state, !folder.hasPrefix(state + "/") else {
            throw MusterError(
                .badArgument, "\(path) is in the state directory, and would be lost with it",
                hint: "choose another folder, best on another disk")
        }
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG, replacing else {
                throw MusterError("file_exists", "\(path) is there already", hint: "choose another name, or replace the file: --force")
            }
        }
        self.path = path
        temporary = "\(path).\(UInt32.random(in: .min ... .max)).partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("cannot write \(temporary)") }
        close(descriptor)
    }

    /// Puts it under its name once it is on the disk; returns its size.
    func finish() throws -> Int64 {
        try Self.sync(temporary)
        let size = (try? FileManager.default.attributesOfItem(atPath: temporary)[.size] as? Int64) ?? 0
        guard rename(temporary, path) == 0 else { throw Self.failure("cannot rename \(temporary) to \(path)") }
        try Self.sync(URL(fileURLWithPath: path).deletingLastPathComponent().path)
        return size
    }

    /// Leaves nothing behind.
    func abandon() {
        for suffix in ["", "-journal", "-wal", "-shm"] { unlink(temporary + suffix) }
    }

    static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("cannot force \(path) to the disk") }
    }

    static func failure(_ what: String) -> MusterError {
        let reason = String(cString: strerror(errno))
        return MusterError(
            errno == ENOSPC ? .storeFull : .storeFailed, "\(what): \(reason)", hint: "check the folder, its mode and its room")
    }
}
