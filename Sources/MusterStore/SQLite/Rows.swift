import Foundation
import GRDB
import MusterCore
import MusterEngine

/// Objects to rows and back.
enum Rows {
    static func insert(_ event: Event, _ database: Database) throws {
        try execute(
            database, "INSERT INTO events (id, at, name, body) VALUES (?, ?, ?, ?)",
            [event.id.rawValue, event.at.milliseconds, event.name, try json(event)])
    }

    static func write(_ change: Change, _ database: Database) throws {
        switch change {
        case .resource(let object): try put(database, "resource", object.id.rawValue, object)
        case .removeResource(let id): try remove(database, "resource", id.rawValue)
        case .image(let object): try put(database, "image", object.id.rawValue, object)
        case .removeImage(let id): try remove(database, "image", id.rawValue)
        case .server(let object): try put(database, "server", object.id.rawValue, object)
        case .removeServer(let id): try remove(database, "server", id.rawValue)
        case .hook(let object): try put(database, "hook", object.id.rawValue, object)
        case .general(let object): try put(database, "general", "", object)
        case .dedup(let object): try put(database, "dedup", object.key, object)
        case .removeDedup(let key): try remove(database, "dedup", key)
        case .claim(let claim):
            try execute(
                database, "INSERT OR REPLACE INTO claims (epoch, live, body) VALUES (?, ?, ?)",
                [claim.epoch.rawValue, claim.isAlive || !claim.exportCut, try json(claim)])
        case .evidence(let evidence):
            try execute(
                database, "INSERT OR REPLACE INTO evidence (id, live, body) VALUES (?, ?, ?)",
                [evidence.id.rawValue, evidence.isValid, try json(evidence)])
        case .run(let run):
            try execute(
                database, "INSERT OR REPLACE INTO runs (id, live, body) VALUES (?, ?, ?)",
                [run.id.rawValue, run.status.isLive, try json(run)])
        case .code(let bundle):
            try execute(database, "INSERT OR IGNORE INTO code (hash, body) VALUES (?, ?)", [bundle.hash, try json(bundle)])
        case .step(let step): try put(database, step)
        }
    }

    private static func put(_ database: Database, _ step: Step) throws {
        var value: String?
        var failure: String?
        switch step.outcome {
        case .value(let result): value = result.json
        case .error(let error): failure = try json(error)
        case nil: break
        }
        try execute(
            database,
            """
            INSERT OR REPLACE INTO steps (run, address, name, arguments, intended, done, sequence, value, error)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                step.run.rawValue, step.address, step.name, Value.array(step.arguments).json, step.intended.milliseconds,
                step.done?.milliseconds, step.sequence, value, failure,
            ])
    }

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

    private static func json(_ object: some Encodable) throws -> String {
        String(decoding: try JSONEncoder.canonical().encode(object), as: UTF8.self)
    }

    private static func put(_ database: Database, _ kind: String, _ id: String, _ object: some Encodable) throws {
        try execute(
            database, "INSERT OR REPLACE INTO objects (kind, id, body) VALUES (?, ?, ?)", [kind, id, try json(object)])
    }

    private static func remove(_ database: Database, _ kind: String, _ id: String) throws {
        try execute(database, "DELETE FROM objects WHERE kind = ? AND id = ?", [kind, id])
    }

    private static func execute(_ database: Database, _ sql: String, _ arguments: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
