import GRDB
import GRDBSQLite

/// Gives the pages that deleted rows left to the file system, in slices.
struct FreePages: Sendable {
    let pool: DatabasePool
    let pause: Duration
    let isShort: @Sendable () -> Bool
    /// Pages that are kept for what comes next.
    static let kept = 256
    private static let slice = 256

    /// Makes a file give pages back at all. A new one is made so; one of an earlier version is rewritten once, and as it is when there
    /// is no room for that.
    static func enable(_ pool: DatabasePool) throws {
        try pool.writeWithoutTransaction { database in
            guard try Int.fetchOne(database, sql: "PRAGMA auto_vacuum") != 2 else { return }
            try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            try? database.execute(sql: "VACUUM")
        }
    }

    /// Returns the bytes given back.
    func giveBack() async throws -> Int64 {
        var pages = 0
        while true {
            let given = try await pool.writeWithoutTransaction { database in
                guard try Int.fetchOne(database, sql: "PRAGMA auto_vacuum") == 2 else { return 0 }
                let free = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
                let wanted = min(Self.slice, free - Self.kept)
                guard wanted > 0 else { return 0 }
                try database.execute(sql: "PRAGMA incremental_vacuum(\(wanted))")
                return free - (try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0)
            }
            guard given > 0 else { break }
            pages += given
            try await Task.sleep(for: pause)
        }
        let size = try await pool.read { try Int64.fetchOne($0, sql: "PRAGMA page_size") ?? 0 }
        if pages > 0, !isShort() { await truncateLog() }
        return Int64(pages) * size
    }

    /// Empties the write-ahead log, unless a reader still needs it: nobody waits for that one.
    private func truncateLog() async {
        try? await pool.writeWithoutTransaction { database in
            sqlite3_busy_timeout(database.sqliteConnection, 0)
            defer { sqlite3_busy_timeout(database.sqliteConnection, SQLiteStore.busyMilliseconds) }
            _ = try? database.checkpoint(.truncate)
        }
    }
}
