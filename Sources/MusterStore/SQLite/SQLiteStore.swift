import Foundation
import GRDB
import MusterCore
import MusterEngine

/// The embedded store: one SQLite file in WAL mode, every commit forced to the disk (`synchronous=FULL`).
public final class SQLiteStore: Store {
    public let path: String
    private let pool: DatabasePool
    private let writer: RowWriter
    private let reserve: Reserve
    private let watch: Task<Void, Never>
    private let copying: SQLiteBackup

    /// Opens or creates the store and begins a new term, which ends the right of any other engine to commit. `reserve` is how many bytes
    /// are kept beside it for a full disk, `watching` how often the room is looked at. Errors: `store_locked`, `store_corrupt`,
    /// `store_full`, `store_failed`.
    public init(path: String, reserve size: Int64 = 16 << 20, watching interval: Duration = .seconds(1)) throws {
        self.path = path
        let (log, reserve) = (path + "-wal", Reserve(path: path + "-reserve", size: size))
        self.reserve = reserve
        let term: Int64
        (pool, term) = try StoreFailure.translating(path) {
            do {
                return try SQLiteStore.begin(path)
            } catch  where StoreFailure.isFull(error, path) && reserve.release(to: log) {
                return try SQLiteStore.begin(path)
            }
        }
        writer = RowWriter(path: path, term: term)
        copying = SQLiteBackup(pool: pool, path: path)
        watch = Task.detached {
            while (try? await Task.sleep(for: interval)) != nil {
                if !reserve.isHeld { reserve.restore() } else if reserve.isRoomGone { _ = reserve.release(to: log) }
            }
        }
    }

    deinit { watch.cancel() }

    public var isShort: Bool { !reserve.isHeld }

    /// Looks whether a file is whole before anything is written to it, be it only by closing it.
    private static func check(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        let answer = try queue.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        guard answer == "ok" else { throw StoreFailure.corrupt(path, answer ?? "no answer") }
    }

    private static func begin(_ path: String) throws -> (DatabasePool, Int64) {
        try check(path)
        let pool = try SQLiteStore.open(path)
        try Schema.migrate(pool)
        try FreePages.enable(pool)
        let term = try pool.write { database in
            try database.execute(sql: "UPDATE meta SET value = value + 1 WHERE key = 'term'")
            return try Int64.fetchOne(database, sql: "SELECT value FROM meta WHERE key = 'term'") ?? 0
        }
        return (pool, term)
    }

    static let busyMilliseconds: Int32 = 5_000

    /// A pool whose commits are durable. GRDB sets `synchronous=NORMAL` itself, so FULL is set afterwards and read back.
    static func open(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(Double(busyMilliseconds) / 1000)
        // Before there is anything in a new file: later it takes a rewrite.
        configuration.prepareDatabase { database in
            if !database.configuration.readonly { try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
        }
        configuration.label = "muster.store"
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            // A log that a long reader made large shrinks again, but keeps what a reserve was put into it.
            try database.execute(sql: "PRAGMA journal_size_limit = \(64 << 20)")
            guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else {
                throw MusterError(.storeFailed, "SQLite refuses synchronous=FULL for \(path)")
            }
        }
        return pool
    }

    public func commit(_ batch: Batch) async throws {
        do {
            do {
                try await write(batch)
            } catch  where StoreFailure.isFull(error, path) && reserve.release(to: path + "-wal") {
                try await write(batch)
            }
        } catch {
            throw StoreFailure.translate(error, path)
        }
    }

    private func write(_ batch: Batch) async throws {
        let writer = writer
        try await pool.writeWithoutTransaction { try writer.commit(batch, $0) }
    }

    public func load() async throws -> Snapshot {
        try await read { try Rows.snapshot($0) }
    }

    public func events(after: EventID, limit: Int) async throws -> [Event] {
        try await read {
            try Rows.bodies($0, "SELECT body FROM events WHERE id > ? ORDER BY id LIMIT ?", [after.rawValue, limit])
        }
    }

    public func latestEvents(limit: Int) async throws -> [Event] {
        try await read {
            try Rows.bodies($0, "SELECT body FROM (SELECT id, body FROM events ORDER BY id DESC LIMIT ?) ORDER BY id", [limit])
        }
    }

    public func runs(limit: Int) async throws -> [Run] {
        try await read { try Rows.bodies($0, "SELECT body FROM runs ORDER BY id DESC LIMIT ?", [limit]) }
    }

    public func run(_ id: RunID) async throws -> Run? {
        let found: [Run] = try await read { try Rows.bodies($0, "SELECT body FROM runs WHERE id = ?", [id.rawValue]) }
        return found.first
    }

    public func steps(of run: RunID) async throws -> [Step] {
        try await read { try Rows.steps($0, "WHERE run = ? ORDER BY sequence IS NULL, sequence, address", [run.rawValue]) }
    }

    public func code(_ hash: String) async throws -> CodeBundle? {
        let found: [CodeBundle] = try await read { try Rows.bodies($0, "SELECT body FROM code WHERE hash = ?", [hash]) }
        return found.first
    }

    public func forget(_ retention: Retention) async throws -> Forgotten {
        do {
            return try await HistorySweep(pool: pool, writer: writer, retention: retention, isShort: { [reserve] in !reserve.isHeld }).run()
        } catch let error as CancellationError {
            throw error
        } catch {
            throw StoreFailure.translate(error, path)
        }
    }

    public func backup(to path: String, replacing: Bool) async throws -> BackupReport {
        try await copying.run(to: path, replacing: replacing)
    }

    public var backupProgress: Double? { copying.progress }

    /// Ends it in order, so that all is in the one file. Nothing may be asked of it afterwards.
    func close() throws {
        try StoreFailure.translating(path) {
            try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            writer.finish()
            try pool.close()
        }
    }

    private func read<Answer: Sendable>(_ body: @escaping @Sendable (Database) throws -> Answer) async throws -> Answer {
        do {
            return try await pool.read(body)
        } catch {
            throw StoreFailure.translate(error, path)
        }
    }
}
