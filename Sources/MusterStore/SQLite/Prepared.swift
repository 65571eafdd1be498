import GRDB
import GRDBSQLite

/// One statement that is prepared once and bound without anything in between: the journal writes thousands of rows a second.
final class Prepared {
    private let statement: Statement

    init(_ database: Database, _ sql: String) throws {
        statement = try database.makeStatement(sql: sql)
    }

    func bind(_ index: Int32, _ number: Int64?) {
        if let number {
            sqlite3_bind_int64(statement.sqliteStatement, index, number)
        } else {
            sqlite3_bind_null(statement.sqliteStatement, index)
        }
    }

    /// Binds a part of `bytes` as text, nil as NULL. It is not copied: the bytes must stay until `run` returns.
    func bind(_ index: Int32, _ bytes: UnsafeBufferPointer<UInt8>, _ part: Range<Int>?) {
        guard let part else { return bind(index, nil) }
        bytes.withMemoryRebound(to: CChar.self) { characters in
            _ = sqlite3_bind_text(
                statement.sqliteStatement, index, characters.baseAddress.map { $0 + part.lowerBound }, Int32(part.count), nil)
        }
    }

    /// Executes it; a row that it answers with is given to `row`.
    func run(_ database: Database, row: (OpaquePointer) -> Void = { _ in }) throws {
        defer { sqlite3_reset(statement.sqliteStatement) }
        var status = sqlite3_step(statement.sqliteStatement)
        while status == SQLITE_ROW {
            row(statement.sqliteStatement)
            status = sqlite3_step(statement.sqliteStatement)
        }
        guard status == SQLITE_DONE else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: status), message: database.sqliteConnection.map { String(cString: sqlite3_errmsg($0)) })
        }
    }
}
