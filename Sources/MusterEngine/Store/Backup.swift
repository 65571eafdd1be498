import MusterCore

/// A backup that is written.
public struct BackupReport: Codable, Sendable, Hashable {
    public var path: String
    public var bytes: Int64
    public var at: Timestamp

    public init(path: String, bytes: Int64, at: Timestamp) {
        self.path = path
        self.bytes = bytes
        self.at = at
    }
}

extension Store {
    /// A store that is no file cannot be written into one.
    public func backup(to path: String, replacing: Bool) async throws -> BackupReport {
        throw MusterError(.wrongState, "this engine's state is not in a file", hint: "start one with muster serve --state DIR")
    }

    public var backupProgress: Double? { nil }
}
