import Foundation
import GRDB
import MusterCore
import MusterEngine

/// Puts a backup in the place of a state directory's store. The new store is made whole beside it and renamed to it, so that no engine ever
/// begins with a part. The folder's other files stay: the records of exports that run on this machine, the key of the secrets.
public struct Restoring: Sendable {
    public struct Report: Codable, Sendable, Hashable {
        /// When the backup was made.
        public var backup: Timestamp
        /// Where the store that was there before is now; nil when there was none.
        public var kept: String?
        /// False when the key of the secrets has to be put there by hand.
        public var hasKey: Bool
        /// The servers that should run.
        public var servers: Int
    }

    let file: String
    let state: String
    let replacing: Bool
    let operatorName: String

    /// - Parameter replacing: Whether a store that is there already is put aside.
    public init(file: String, state: String, replacing: Bool, operatorName: String) {
        self.file = file
        self.state = state
        self.replacing = replacing
        self.operatorName = operatorName
    }

    /// Errors: `store_locked` while an engine runs there, `state_exists` without `replacing`, `not_found`, `store_corrupt`, `bad_backup`.
    public func run(now: Now = SystemTime().now()) async throws -> Report {
        guard FileManager.default.fileExists(atPath: file) else {
            throw MusterError(.notFound, "there is no file \(file)", hint: "muster backup FILE makes one")
        }
        // Held until the end, so that no engine starts on what is being replaced.
        let directory = try StateDirectory(state)
        defer { withExtendedLifetime(directory) {} }
        let isThere = FileManager.default.fileExists(atPath: directory.database)
        guard replacing || !isThere else {
            throw MusterError(
                "state_exists", "\(state) holds the state of an engine",
                hint: "--force puts it aside under another name; or choose another directory with --state DIR")
        }
        let mark = now.wall.milliseconds / 1000
        let workshop = "\(state)/restoring-\(mark)"
        defer { try? FileManager.default.removeItem(atPath: workshop) }
        do {
            var report = try await prepare(workshop, now: now)
            if isThere {
                let kept = "\(directory.database).before-restore-\(mark)"
                try putAside(directory.database, as: kept)
                report.kept = kept
            }
            guard rename(workshop + "/muster.sqlite", directory.database) == 0 else {
                throw BackupFile.failure("cannot put \(directory.database) in its place")
            }
            try BackupFile.sync(state)
            return report
        } catch {
            throw StoreFailure.translate(error, file)
        }
    }

    /// The new store, ready for an engine, in a folder of its own.
    private func prepare(_ folder: String, now: Now) async throws -> Report {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let database = folder + "/muster.sqlite"
        try FileManager.default.copyItem(atPath: file, toPath: database)
        guard chmod(database, 0o600) == 0 else { throw BackupFile.failure("cannot set the mode of \(database)") }
        let backup = try check(database)
        let store = try SQLiteStore(path: database)
        var engine = Engine(try await store.load())
        engine.restore(backup: backup, operatorName: operatorName, now: now)
        try await store.commit(engine.drain().batch)
        try store.close()
        try BackupFile.sync(database)
        let hasKey = FileManager.default.fileExists(atPath: state + "/secret.key")
        return Report(backup: backup, kept: nil, hasKey: hasKey, servers: engine.world.servers.values.count { $0.target == .running })
    }

    /// Gives the old store a second name. Its log must be part of it before another file takes the first: a log that is left over would
    /// be taken for the new one's.
    private func putAside(_ database: String, as kept: String) throws {
        if let old = try? SQLiteStore.open(database) {
            _ = try? old.writeWithoutTransaction { try $0.checkpoint(.truncate) }
            try? old.close()
        }
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: database + suffix) {
            guard link(database + suffix, kept + suffix) == 0 else { throw BackupFile.failure("cannot keep \(database + suffix)") }
        }
        try BackupFile.sync(state)
        for suffix in ["-wal", "-shm"] { unlink(database + suffix) }
    }

    /// All of the file is looked at before anything is done with it. Returns when the backup was made.
    private func check(_ path: String) throws -> Timestamp {
        try StoreFailure.translating(file) {
            var configuration = Configuration()
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            return try queue.read { database in
                let answer = try String.fetchOne(database, sql: "PRAGMA integrity_check(1)")
                guard answer == "ok" else { throw damaged(answer ?? "no answer") }
                guard try database.tableExists("meta"),
                    let at = try Int64.fetchOne(database, sql: "SELECT value FROM meta WHERE key = 'backup'")
                else {
                    throw MusterError("bad_backup", "\(file) is no backup of Muster's", hint: "muster backup FILE makes one")
                }
                return Timestamp(milliseconds: at)
            }
        }
    }

    private func damaged(_ why: String) -> MusterError {
        MusterError(.storeCorrupt, "\(file) is damaged: \(why)", hint: "nothing was changed; take an older backup")
    }
}
