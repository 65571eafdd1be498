import Foundation
import GRDB
import MusterCore
import MusterEngine

/// What is durable in an engine's store, read from another process while the engine runs or after its death.
struct Ledger: Sendable {
    let path: String
    /// Whether the file is in another mount namespace, reached through a link that SQLite would follow wrongly: then a copy is read.
    var isElsewhere = false

    /// Whether the journal says that one of these calls is under way, with this name among its arguments.
    func intends(_ calls: [String], _ name: String) throws -> Bool {
        try rows("SELECT arguments AS body, name FROM steps WHERE done IS NULL").contains {
            calls.contains($0["name"]) && ($0["body"] as String).contains("\"\(name)\"")
        }
    }

    func claims() throws -> [Claim] { try bodies("SELECT body FROM claims ORDER BY epoch") }
    func evidence() throws -> [Evidence] { try bodies("SELECT body FROM evidence ORDER BY id") }
    func events() throws -> [Event] { try bodies("SELECT body FROM events ORDER BY id") }
    func runs() throws -> [Run] { try bodies("SELECT body FROM runs ORDER BY id") }

    /// A run's steps in the order of their results: address, name, the sequence and whether it is done.
    func steps(of run: RunID) throws -> [(address: String, name: String, sequence: Int64?, result: String?)] {
        try rows("SELECT * FROM steps WHERE run = \(run.rawValue) ORDER BY sequence IS NULL, sequence").map { row in
            (row["address"], row["name"], row["sequence"], (row["error"] as String?) ?? (row["value"] as String?))
        }
    }

    /// Moves all that is in the log into the main file.
    func checkpoint() throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        try queue.close()
    }

    private func bodies<Object: Decodable>(_ sql: String) throws -> [Object] {
        try rows(sql).map { try Value(json: $0["body"]).decode(Object.self) }
    }

    private func rows(_ sql: String) throws -> [Row] {
        guard isElsewhere else { return try Self.rows(path, sql) }
        let folder = try Folder()
        for suffix in ["", "-wal"] {
            try FileManager.default.contents(atPath: path + suffix)?.write(to: URL(fileURLWithPath: folder.path + "/copy" + suffix))
        }
        return try Self.rows(folder.path + "/copy", sql)
    }

    private static func rows(_ path: String, _ sql: String) throws -> [Row] {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        return try queue.read { try Row.fetchAll($0, sql: sql) }
    }
}
