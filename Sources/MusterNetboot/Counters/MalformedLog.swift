import MusterCore

/// Decides when malformed packets are worth a line in the log: the first at once, then at most one line a minute with the counts.
struct MalformedLog {
    static let interval: Int64 = 60_000

    private var lastLine: Moment?
    private var unreported: [String: Int] = [:]

    mutating func note(_ kind: MalformedKind, of network: BootCounters.Network) {
        unreported["\(network.rawValue) \(kind.rawValue)", default: 0] += 1
    }

    /// The line to log now, nil while there is nothing new or the last line is less than a minute old.
    mutating func line(at now: Moment) -> String? {
        if unreported.isEmpty { return nil }
        if let lastLine, now - lastLine < Self.interval { return nil }
        lastLine = now
        let total = unreported.values.reduce(0, +)
        let kinds = unreported.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        unreported = [:]
        return "dropped \(total) malformed packet\(total == 1 ? "" : "s"): \(kinds)"
    }
}
