import CLinuxShim
import Foundation
import MusterCore

/// The folder of one epoch's export: its record, its lock, the process's pid file, monitor socket and log.
///
/// The lock is held, through an inherited descriptor, by the export process and nobody else: while it is taken something of this
/// epoch is alive, from before the process even runs its program until it is really gone. It needs no process ids, so it also
/// covers the moment between starting a process and recording it.
struct ExportFolder: Sendable {
    let path: String
    let epoch: Epoch

    var record: String { path + "/record.json" }
    var lock: String { path + "/lock" }
    /// Written by the export process once it serves, removed by it when it ends in order.
    var pidFile: String { path + "/pid" }
    /// Relative to the folder, because a socket's path is short by nature.
    static let monitorName = "monitor"
    var log: String { path + "/log" }

    init(directory: String, epoch: Epoch) {
        path = "\(directory)/\(epoch)"
        self.epoch = epoch
    }

    /// Nil when there is none. Errors: `export_failed` when it cannot be read.
    func readRecord() throws -> ExportRecord? {
        guard let data = FileManager.default.contents(atPath: record) else {
            if access(record, F_OK) == 0 { throw unreadable() }
            return nil
        }
        do {
            return try JSONDecoder.canonical().decode(ExportRecord.self, from: data)
        } catch {
            throw unreadable()
        }
    }

    private func unreadable() -> MusterError {
        MusterError(
            .exportFailed, "the export record \(record) cannot be read",
            hint: "look at it; do not remove it while a qemu-storage-daemon names its folder")
    }

    /// Writes the record so that a crash at any instruction leaves the old or the new one. Errors: `export_failed`.
    func write(_ new: ExportRecord) throws {
        let draft = record + ".new"
        let bytes = Array(try JSONEncoder.canonical(pretty: true).encode(new))
        let file = Glibc.open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("cannot write \(draft)") }
        defer { close(file) }
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0, rename(draft, record) == 0 else {
            throw failure("cannot write \(record)")
        }
        try Self.sync(path)
    }

    /// Makes the folder, durably, readable by its owner only. Errors: `export_failed`.
    func make() throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("cannot make the folder \(path)") }
        try Self.sync((path as NSString).deletingLastPathComponent)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// Takes the epoch's lock for handing it to the export process. Nil when something of this epoch is alive.
    /// Errors: `export_failed`.
    func takeLock() throws -> Int32? {
        let file = Glibc.open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("cannot open \(lock)") }
        let taken = muster_lock_file(file)
        if taken == 0 { return file }
        close(file)
        guard taken == 1 else { throw failure("cannot lock \(lock)") }
        return nil
    }

    /// Whether something of this epoch is alive. It only looks, and so cannot disturb one who takes the lock.
    func isAlive() throws -> Bool {
        let file = Glibc.open(lock, O_RDWR | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return false }
            throw failure("cannot open \(lock)")
        }
        defer { close(file) }
        let locked = muster_range_locked(file, 0, 0)
        guard locked >= 0 else { throw failure("cannot look at \(lock)") }
        return locked == 1
    }

    private func failure(_ what: String) -> MusterError {
        MusterError(
            .exportFailed, "\(what): \(String(cString: strerror(errno)))",
            hint: "the state directory must be writable and have room")
    }

    private static func sync(_ directory: String) throws {
        let file = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0, fsync(file) == 0 else {
            if file >= 0 { close(file) }
            throw MusterError(.exportFailed, "cannot sync \(directory): \(String(cString: strerror(errno)))")
        }
        close(file)
    }
}
