import GRDB
import GRDBSQLite
import MusterCore
import MusterEngine

/// Writes batches as rows. The texts of a row are written one after the other into one buffer, which serves for all rows. It belongs to
/// the store's one writing connection and is used on its queue only.
final class RowWriter: @unchecked Sendable {
    private enum Sentence: Int, CaseIterable {
        case begin, commit, rollback, term, event, object, removeObject, claim, evidence, run, code, step

        var sql: String {
            switch self {
            case .begin: "BEGIN IMMEDIATE"
            case .commit: "COMMIT"
            case .rollback: "ROLLBACK"
            case .term: "SELECT value FROM meta WHERE key = 'term'"
            case .event: "INSERT INTO events (id, at, name, body) VALUES (?, ?, ?, ?)"
            case .object: "INSERT OR REPLACE INTO objects (kind, id, body) VALUES (?, ?, ?)"
            case .removeObject: "DELETE FROM objects WHERE kind = ? AND id = ?"
            case .claim: "INSERT OR REPLACE INTO claims (epoch, live, body) VALUES (?, ?, ?)"
            case .evidence: "INSERT OR REPLACE INTO evidence (id, live, body) VALUES (?, ?, ?)"
            case .run: "INSERT OR REPLACE INTO runs (id, live, body) VALUES (?, ?, ?)"
            case .code: "INSERT OR IGNORE INTO code (hash, body) VALUES (?, ?)"
            case .step:
                """
                INSERT OR REPLACE INTO steps (run, address, name, arguments, intended, done, sequence, value, error)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
            }
        }
    }

    private let path: String
    private let term: Int64
    private var prepared: [Prepared?] = Array(repeating: nil, count: Sentence.allCases.count)
    private var bytes: [UInt8] = []

    init(path: String, term: Int64) {
        self.path = path
        self.term = term
    }

    /// Makes a batch durable, whole or not at all. Errors: `store_term`, SQLite's.
    func commit(_ batch: Batch, _ database: Database) throws {
        try transaction(database) {
            for event in batch.events { try put(event, database) }
            for change in batch.changes { try put(change, database) }
        }
        // A large row of once need not be kept room for.
        if bytes.capacity > 1 << 20 { bytes = [] }
    }

    /// Does something as one commit, if this engine's term still lasts.
    func transaction<Answer>(_ database: Database, _ body: () throws -> Answer) throws -> Answer {
        try run(.begin, database)
        do {
            try checkTerm(database)
            let answer = try body()
            try run(.commit, database)
            return answer
        } catch {
            // SQLite may have rolled back by itself (a full disk).
            if database.isInsideTransaction { try? run(.rollback, database) }
            throw error
        }
    }

    private func checkTerm(_ database: Database) throws {
        var current: Int64?
        try statement(.term, database).run(database) { current = sqlite3_column_int64($0, 0) }
        guard current == term else {
            throw MusterError(
                .storeTerm, "another engine has begun a newer term on \(path)",
                hint: "one engine per state directory: stop this one")
        }
    }

    private func put(_ event: Event, _ database: Database) throws {
        let name = text(event.name)
        let body = try json(event)
        try run(.event, database) { statement, bytes in
            statement.bind(1, event.id.rawValue)
            statement.bind(2, event.at.milliseconds)
            statement.bind(3, bytes, name)
            statement.bind(4, bytes, body)
        }
    }

    private func put(_ change: Change, _ database: Database) throws {
        switch change {
        case .resource(let object): try put("resource", object.id.rawValue, object, database)
        case .removeResource(let id): try remove("resource", id.rawValue, database)
        case .image(let object): try put("image", object.id.rawValue, object, database)
        case .removeImage(let id): try remove("image", id.rawValue, database)
        case .server(let object): try put("server", object.id.rawValue, object, database)
        case .removeServer(let id): try remove("server", id.rawValue, database)
        case .hook(let object): try put("hook", object.id.rawValue, object, database)
        case .removeHook(let id): try remove("hook", id.rawValue, database)
        case .general(let object): try put("general", "", object, database)
        case .dedup(let object): try put("dedup", object.key, object, database)
        case .removeDedup(let key): try remove("dedup", key, database)
        case .claim(let claim): try put(.claim, claim.epoch.rawValue, live: claim.isAlive || !claim.exportCut, claim, database)
        case .evidence(let evidence): try put(.evidence, evidence.id.rawValue, live: evidence.isValid, evidence, database)
        case .run(let run): try put(.run, run.id.rawValue, live: run.status.isLive, run, database)
        case .code(let bundle): try put(bundle, database)
        case .step(let step): try put(step, database)
        }
    }

    private func put(_ kind: String, _ id: String, _ object: some Encodable, _ database: Database) throws {
        let (kind, id, body) = (text(kind), text(id), try json(object))
        try run(.object, database) { statement, bytes in
            statement.bind(1, bytes, kind)
            statement.bind(2, bytes, id)
            statement.bind(3, bytes, body)
        }
    }

    private func remove(_ kind: String, _ id: String, _ database: Database) throws {
        let (kind, id) = (text(kind), text(id))
        try run(.removeObject, database) { statement, bytes in
            statement.bind(1, bytes, kind)
            statement.bind(2, bytes, id)
        }
    }

    private func put(_ sentence: Sentence, _ id: Int64, live: Bool, _ object: some Encodable, _ database: Database) throws {
        let body = try json(object)
        try run(sentence, database) { statement, bytes in
            statement.bind(1, id)
            statement.bind(2, live ? 1 : 0)
            statement.bind(3, bytes, body)
        }
    }

    private func put(_ bundle: CodeBundle, _ database: Database) throws {
        let (hash, body) = (text(bundle.hash), try json(bundle))
        try run(.code, database) { statement, bytes in
            statement.bind(1, bytes, hash)
            statement.bind(2, bytes, body)
        }
    }

    private func put(_ step: Step, _ database: Database) throws {
        let (address, name) = (text(step.address), text(step.name))
        let arguments = part { Value.write(step.arguments, into: &$0) }
        var value: Range<Int>?
        var failure: Range<Int>?
        switch step.outcome {
        case .value(let result): value = part { result.write(into: &$0) }
        case .error(let error): failure = try json(error)
        case nil: break
        }
        try run(.step, database) { statement, bytes in
            statement.bind(1, step.run.rawValue)
            statement.bind(2, bytes, address)
            statement.bind(3, bytes, name)
            statement.bind(4, bytes, arguments)
            statement.bind(5, step.intended.milliseconds)
            statement.bind(6, step.done?.milliseconds)
            statement.bind(7, step.sequence)
            statement.bind(8, bytes, value)
            statement.bind(9, bytes, failure)
        }
    }

    /// Gives the statements back, before the connection is closed.
    func finish() { prepared = prepared.map { _ in nil } }

    // MARK: Texts of the row

    private func part(_ write: (inout [UInt8]) throws -> Void) rethrows -> Range<Int> {
        let start = bytes.count
        try write(&bytes)
        return start..<bytes.count
    }

    private func text(_ text: String) -> Range<Int> { part { $0 += text.utf8 } }

    private func json(_ object: some Encodable) throws -> Range<Int> { try part { try ObjectText.write(object, into: &$0) } }

    // MARK: Statements

    private func statement(_ sentence: Sentence, _ database: Database) throws -> Prepared {
        if let known = prepared[sentence.rawValue] { return known }
        let made = try Prepared(database, sentence.sql)
        prepared[sentence.rawValue] = made
        return made
    }

    /// Executes a sentence with what `bind` gives it, and begins the next row's texts.
    private func run(
        _ sentence: Sentence, _ database: Database, bind: (Prepared, UnsafeBufferPointer<UInt8>) -> Void = { _, _ in }
    ) throws {
        let statement = try statement(sentence, database)
        defer { bytes.removeAll(keepingCapacity: true) }
        try bytes.withUnsafeBufferPointer { bytes in
            bind(statement, bytes)
            try statement.run(database)
        }
    }
}
