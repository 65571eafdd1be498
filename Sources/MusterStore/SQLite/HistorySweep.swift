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
    /// is old, also what a clock that was wrong dated in the future.
    private func forgetEvents() async throws -> Int {
        guard let end = try await lastOldEvent() else { return 0 }
        return try await inSlices { [slice] database in
            try database.cachedStatement(
                sql: "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE id <= ? ORDER BY id LIMIT ?)"
            ).execute(arguments: [end, slice])
            return database.changesCount
        }
    }

    private func lastOldEvent() async throws -> Int64? {
        var (end, last): (Int64?, Int64) = (nil, 0)
        while true {
            let start = last
            let rows = try await pool.read { database in
                try Row.fetchAll(
                    database.cachedStatement(sql: "SELECT id, at FROM events WHERE id > ? AND id <= ? ORDER BY id LIMIT ?"),
                    arguments: [start, retention.lastEvent.rawValue, slice]
                ).map { (id: $0["id"] as Int64, at: $0["at"] as Int64) }
            }
            for row in rows {
                switch age(row.at) {
                case .old: end = row.id
                case .young: return end
                case .unknown: break
                }
            }
            guard let newest = rows.last else { return end }
            last = newest.id
        }
    }

    private enum Age {
        case old, young
        /// Its time is still to come, so a clock was wrong: what happened after it tells how old it is at least.
        case unknown
    }

    private func age(_ time: Int64, before: Timestamp) -> Age {
        time > retention.now.milliseconds ? .unknown : time < before.milliseconds ? .old : .young
    }

    private func age(_ time: Int64) -> Age { age(time, before: retention.eventsBefore) }

    private func forgetRuns() async throws -> (runs: Int, steps: Int) {
        var count = (runs: 0, steps: 0)
        var page = RunPage()
        while try await oldRuns(&page) {
            var left = page.old[...]
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

    /// How far the look through the ended runs has come.
    private struct RunPage {
        var last: Int64 = 0
        /// Those of this page that are old enough, and those before them whose own time says nothing.
        var old: [Int64] = []
        /// Those whose time says nothing, and none after them was old yet.
        var unknown: [Int64] = []
        var isOver = false
    }

    /// Looks at the next page of ended runs; false when there are no more that can be old enough.
    private func oldRuns(_ page: inout RunPage) async throws -> Bool {
        if page.isOver { return false }
        let (start, size) = (page.last, slice)
        let rows = try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT id, json_extract(body, '$.at') AS at, coalesce(json_extract(body, '$.finished'), json_extract(body, '$.at')) AS finished
                    FROM runs WHERE id > ? AND NOT live ORDER BY id LIMIT ?
                    """, arguments: [start, size]
            ).map { (id: $0["id"] as Int64, at: $0["at"] as Int64, finished: $0["finished"] as Int64) }
        }
        page.old = []
        for row in rows {
            switch age(row.at, before: retention.runsBefore) {
            case .unknown:
                page.unknown.append(row.id)
            case .old:
                page.old += page.unknown
                page.unknown = []
                if age(row.finished, before: retention.runsBefore) != .young { page.old.append(row.id) }
            case .young:
                // Whatever began later ended later.
                page.isOver = true
                return true
            }
        }
        guard let last = rows.last else { return false }
        page.last = last.id
        return true
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
