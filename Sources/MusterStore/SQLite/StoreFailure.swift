import GRDB
import MusterCore

/// SQLite's errors in Muster's words.
enum StoreFailure {
    static func translating<Answer>(_ path: String, _ body: () throws -> Answer) throws -> Answer {
        do {
            return try body()
        } catch {
            throw translate(error, path)
        }
    }

    static func translate(_ error: any Error, _ path: String) -> MusterError {
        // A row that is not what was written into it.
        if error is DecodingError || (error as? MusterError)?.code == .badJSON { return corrupt(path, "\(error)") }
        if let error = error as? MusterError { return error }
        guard let error = error as? DatabaseError else { return MusterError(.storeFailed, "\(path): \(error)") }
        let words = "\(path): \(error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")"
        if isFull(error, path) {
            return MusterError(.storeFull, words, hint: "nothing was written; make room on the disk, then try again")
        }
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return MusterError(.storeLocked, words, hint: "another process holds the file: find it with fuser, or wait for it")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return corrupt(path, error.message ?? "")
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            return MusterError(.storeFailed, words, hint: "check that the state directory exists and is writable for this user")
        default:
            return MusterError(.storeFailed, words, hint: "nothing was written; look at the disk and the system log")
        }
    }

    /// Whether it is for want of room that SQLite failed. Some of its files report that as plain trouble with input or output.
    static func isFull(_ error: any Error, _ path: String) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        return error.resultCode == .SQLITE_FULL || error.resultCode == .SQLITE_IOERR && Reserve.room(beside: path) < 64 << 10
    }

    static func corrupt(_ path: String, _ message: String) -> MusterError {
        MusterError(
            .storeCorrupt, "\(path) is damaged: \(message)",
            hint: "keep the file, and start from a backup: copy the last good one to \(path)")
    }
}
