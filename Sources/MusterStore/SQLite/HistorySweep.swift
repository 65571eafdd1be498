import GRDB
import MusterCore
import MusterEngine

/// Deletes old history in small slices, each a commit of its own, so that no commit of the engine's waits for long. What is found to be
/// old is looked for outside of those commits and looked at again inside, where it may have come into use since.
struct HistorySweep: Sendable {
    let pool: DatabasePool
    let writer: RowWriter
    let retention: Retention
    /// Whether the disk is so full that the log must keep its room.
    let isShort: @Sendable () -> Bool
    /// The rows that one commit deletes at most.
    var slice = 500
    /// How long the engine has the store for itself between two of them.
    var pause: Duration = .milliseconds(10)

    func run() async throws -> Forgotten {
        var forgotten = Forgotten()
        forgotten.events = try await forgetEvents()
        (forgotten.runs, forgotten.steps) = try await forgetRuns()
        forgotten.claims = try await forgetClaims()
        forgotten.evidence = try await forgetEvidence()
        forgotten.code = try await forgetCode()
        forgotten.bytes = try await FreePages(pool: pool, pause: pause, isShort: isShort).giveBack()
        return forgotten
    }

    /// Numbers follow the order in which things happened; times may not, where a clock was set. So everything up to the last old event
    /// of a slice is old.
    private func forgetEvents() async throws -> Int {
        try await inSlices { database in
            let rows = try Row.fetchAll(
                database.cachedStatement(sql: "SELECT id, at FROM events WHERE id <= ? ORDER BY id LIMIT ?"),
                arguments: [retention.lastEvent.rawValue, slice])
            guard let last = rows.last(where: { $0["at"] < retention.eventsBefore.milliseconds }) else { return 0 }
            try database.execute(sql: "DELETE FROM events WHERE id <= ?", arguments: [last["id"] as Int64])
            return database.changesCount
        }
    }

    private func forgetRuns() async throws -> (runs: Int, steps: Int) {
        var count = (runs: 0, steps: 0)
        var last: Int64 = 0
        while let page = try await oldRuns(after: last) {
            last = page.last
            var left = page.ids[...]
            while !left.isEmpty {
                let (ids, limit) = (Array(left), slice)
                let done = try await commit { try Self.delete(ids, limit, $0) }
                count.runs += done.runs
                count.steps += done.steps
                left = left.dropFirst(done.runs)
            }
        }
        return count
    }

    /// The ended runs of the next page that are old enough; nil when there are no more that can be.
    private func oldRuns(after: Int64) async throws -> (ids: [Int64], last: Int64)? {
        try await pool.read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, json_extract(body, '$.at') AS at, coalesce(json_extract(body, '$.finished'), json_extract(body, '$.at')) AS finished
                    FROM runs WHERE id > ? AND NOT live ORDER BY id LIMIT ?
                    """, arguments: [after, slice])
            let limit = retention.runsBefore.milliseconds
            // Whatever began later ended later.
            let begun = rows.prefix { $0["at"] < limit }
            guard let last = begun.last else { return nil }
            return (begun.filter { $0["finished"] < limit }.map { $0["id"] }, last["id"])
        }
    }

    /// Deletes runs, each after its steps, until so many rows are gone. Returns how many runs are gone whole.
    private static func delete(_ ids: [Int64], _ limit: Int, _ database: Database) throws -> (runs: Int, steps: Int) {
        var done = (runs: 0, steps: 0)
        for id in ids {
            let room = limit - done.runs - done.steps
            guard room > 0 else { break }
            try database.cachedStatement(
                sql: "DELETE FROM steps WHERE run = ?1 AND address IN (SELECT address FROM steps WHERE run = ?1 LIMIT ?2)"
            ).execute(arguments: [id, room])
            done.steps += database.changesCount
            guard database.changesCount < room else { break }
            try database.cachedStatement(sql: "DELETE FROM runs WHERE id = ?").execute(arguments: [id])
            done.runs += 1
        }
        return done
    }

    /// The newest claim of each server and each machine stays, however old.
    private func forgetClaims() async throws -> Int {
        try await delete(
            from: "claims", key: "epoch",
            where: """
                json_extract(body, '$.at') < ?
                AND epoch NOT IN (SELECT max(epoch) FROM claims GROUP BY json_extract(body, '$.server'))
                AND epoch NOT IN (SELECT max(epoch) FROM claims GROUP BY json_extract(body, '$.resource'))
                """)
    }

    /// The newest evidence about each machine stays, what a kept claim ended by, and what a failed machine was fenced with.
    private func forgetEvidence() async throws -> Int {
        try await delete(
            from: "evidence", key: "id",
            where: """
                json_extract(body, '$.at') < ?
                AND id NOT IN (SELECT max(id) FROM evidence GROUP BY json_extract(body, '$.resource'))
                AND id NOT IN (SELECT json_extract(body, '$.ended') FROM claims WHERE json_extract(body, '$.ended') IS NOT NULL)
                AND id NOT IN (
                    SELECT json_extract(body, '$.failure.fenced') FROM objects
                    WHERE kind = 'resource' AND json_extract(body, '$.failure.fenced') IS NOT NULL)
                """)
    }

    private func delete(from table: String, key: String, where condition: String) async throws -> Int {
        let old = try await pool.read {
            try Int64.fetchAll(
                $0, sql: "SELECT \(key) FROM \(table) WHERE NOT live AND \(condition) ORDER BY \(key)",
                arguments: [retention.eventsBefore.milliseconds])
        }
        var count = 0
        for start in stride(from: 0, to: old.count, by: slice) {
            let keys = old[start..<min(start + slice, old.count)]
            count += try await commit { database in
                let list = keys.map(String.init).joined(separator: ",")
                try database.execute(sql: "DELETE FROM \(table) WHERE NOT live AND \(key) IN (\(list))")
                return database.changesCount
            }
        }
        return count
    }

    /// Code goes when neither the engine, nor a hook, nor any run that is kept refers to it.
    private func forgetCode() async throws -> Int {
        let (unused, lastRun) = try await pool.read { database in
            let kept = retention.code.union(
                try String.fetchAll(database, sql: "SELECT json_extract(body, '$.code') FROM objects WHERE kind = 'hook'"))
            var unused = Set(try String.fetchAll(database, sql: "SELECT hash FROM code")).subtracting(kept)
            // Looks at every run: only worth it when there is something to find.
            if !unused.isEmpty {
                unused.subtract(try String.fetchAll(database, sql: "SELECT DISTINCT json_extract(body, '$.code') FROM runs"))
            }
            return (unused.sorted(), try Int64.fetchOne(database, sql: "SELECT max(id) FROM runs") ?? 0)
        }
        var count = 0
        for hash in unused {
            count += try await commit { database in
                try database.execute(
                    sql: """
                        DELETE FROM code WHERE hash = ?1
                        AND NOT EXISTS (SELECT 1 FROM runs WHERE id > ?2 AND json_extract(body, '$.code') = ?1)
                        AND NOT EXISTS (SELECT 1 FROM objects WHERE kind = 'hook' AND json_extract(body, '$.code') = ?1)
                        """, arguments: [hash, lastRun])
                return database.changesCount
            }
        }
        return count
    }

    /// One commit after the other until one had nothing to delete.
    private func inSlices(_ delete: @escaping @Sendable (Database) throws -> Int) async throws -> Int {
        var total = 0
        while true {
            let count = try await commit(delete)
            if count == 0 { return total }
            total += count
        }
    }

    private func commit<Answer: Sendable>(_ delete: @escaping @Sendable (Database) throws -> Answer) async throws -> Answer {
        try await Task.sleep(for: pause)
        let writer = writer
        return try await pool.writeWithoutTransaction { database in try writer.transaction(database) { try delete(database) } }
    }
}
