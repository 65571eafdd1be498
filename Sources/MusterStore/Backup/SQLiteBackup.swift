import Dispatch
import Foundation
import GRDB
import MusterCore
import MusterEngine
import Synchronization

/// The copy of a store into one file by SQLite's backup interface, from one snapshot: commits go on meanwhile and are not in it.
final class SQLiteBackup: Sendable {
    private let pool: DatabasePool
    private let path: String
    private let state = Mutex<Double?>(nil)

    init(pool: DatabasePool, path: String) {
        self.pool = pool
        self.path = path
    }

    var progress: Double? { state.withLock { $0 } }

    func run(to target: String, replacing: Bool) async throws -> BackupReport {
        let isFirst = state.withLock { state in
            guard state == nil else { return false }
            state = 0
            return true
        }
        guard isFirst else { throw MusterError(.wrongState, "another backup is under way", hint: "wait for it: muster status") }
        defer { state.withLock { $0 = nil } }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let file = try BackupFile(path: target, replacing: replacing, stateDirectory: folder)
        // It blocks for as long as it takes: not on a thread that others wait for.
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .utility).async { [self] in
                continuation.resume(with: Result { try write(file) })
            }
        }
    }

    private func write(_ file: BackupFile) throws -> BackupReport {
        do {
            let at = SystemTime().now().wall
            try copy(file, at)
            return BackupReport(path: file.path, bytes: try file.finish(), at: at)
        } catch {
            file.abandon()
            throw StoreFailure.translate(error, file.path)
        }
    }

    private func copy(_ file: BackupFile, _ at: Timestamp) throws {
        let copy = try DatabaseQueue(path: file.temporary)
        try pool.backup(to: copy, pagesPerStep: 512) { [self] progress in
            let share = Double(progress.completedPageCount) / Double(max(1, progress.totalPageCount))
            state.withLock { $0 = share }
        }
        try copy.writeWithoutTransaction { database in
            // One plain file, without a log beside it.
            try database.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL")
            try database.execute(sql: "INSERT OR REPLACE INTO meta VALUES ('backup', ?)", arguments: [at.milliseconds])
            // Better found out now than when it is needed.
            let check = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
            guard check == "ok" else { throw StoreFailure.corrupt(path, check ?? "no answer") }
        }
        try copy.close()
    }
}
