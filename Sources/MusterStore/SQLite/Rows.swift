import Foundation
import GRDB
import MusterCore
import MusterEngine

/// Rows to objects; `RowWriter` writes them.
enum Rows {
    static func steps(_ database: Database, _ condition: String, _ arguments: StatementArguments) throws -> [Step] {
        try Row.fetchAll(database, sql: "SELECT * FROM steps " + condition, arguments: arguments).map { row in
            var step = Step(
                run: RunID(row["run"]), address: row["address"], name: row["name"],
                arguments: try Value(json: row["arguments"]).array ?? [], intended: Timestamp(milliseconds: row["intended"]))
            step.done = (row["done"] as Int64?).map { Timestamp(milliseconds: $0) }
            step.sequence = row["sequence"]
            if let text = row["value"] as String? { step.outcome = .value(try Value(json: text)) }
            if let text = row["error"] as String? { step.outcome = .error(try object(text)) }
            return step
        }
    }

    static func snapshot(_ database: Database) throws -> Snapshot {
        func objects<Object: Decodable & Sendable>(_ kind: String) throws -> [Object] {
            try bodies(database, "SELECT body FROM objects WHERE kind = ?", [kind])
        }
        var snapshot = Snapshot()
        snapshot.general = try general(database)
        snapshot.resources = try objects("resource")
        snapshot.images = try objects("image")
        snapshot.servers = try objects("server")
        snapshot.hooks = try objects("hook")
        snapshot.dedup = try objects("dedup")
        snapshot.claims = try bodies(database, "SELECT body FROM claims WHERE live", [])
        snapshot.evidence = try bodies(database, "SELECT body FROM evidence WHERE live", [])
        snapshot.runs = try bodies(database, "SELECT body FROM runs WHERE live", [])
        snapshot.steps = try steps(database, "WHERE run IN (SELECT id FROM runs WHERE live)", [])
        let needed = Set(snapshot.runs.map(\.code)).union(snapshot.hooks.filter(\.active).map(\.code))
        snapshot.code = try needed.sorted().flatMap { hash -> [CodeBundle] in
            try bodies(database, "SELECT body FROM code WHERE hash = ?", [hash])
        }
        return snapshot
    }

    /// What an earlier version did not know yet has its default.
    private static func general(_ database: Database) throws -> General {
        guard let text = try String.fetchOne(database, sql: "SELECT body FROM objects WHERE kind = 'general'") else { return General() }
        func fill(_ stored: Value, _ defaults: Value) -> Value {
            guard let fields = stored.object, let others = defaults.object else { return stored }
            return .object(others.merging(fields) { fill($1, $0) })
        }
        return try object(fill(try Value(json: text), try Value(encoding: General())).json)
    }

    static func bodies<Object: Decodable & Sendable>(
        _ database: Database, _ sql: String, _ arguments: StatementArguments
    ) throws -> [Object] {
        try String.fetchAll(database, sql: sql, arguments: arguments).map { try object($0) }
    }

    private static func object<Object: Decodable>(_ text: String) throws -> Object {
        try JSONDecoder.canonical().decode(Object.self, from: Data(text.utf8))
    }
}
