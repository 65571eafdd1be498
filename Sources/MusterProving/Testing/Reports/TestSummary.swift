import MusterCore

/// How all tests of a run came out.
public struct TestSummary: Sendable {
    public private(set) var items: [(path: String, results: [TestResult])] = []

    public init() {}

    public mutating func add(_ path: String, _ results: [TestResult]) { items.append((path, results)) }

    public var results: [TestResult] { items.flatMap(\.results) }
    public var passed: Int { results.count { if case .passed = $0.outcome { true } else { false } } }
    public var pending: Int { results.count { if case .pending = $0.outcome { true } else { false } } }
    public var failed: [TestResult] { results.filter { if case .failed = $0.outcome { true } else { false } } }
    public var broken: [TestResult] { results.filter { if case .broken = $0.outcome { true } else { false } } }
    /// Virtual milliseconds of all fleets.
    public var virtual: Int64 { results.reduce(0) { $0 + $1.virtual } }

    public var value: Value {
        [
            "tests": .array(results.map(\.value)), "passed": .int(Int64(passed)), "failed": .int(Int64(failed.count)),
            "pending": .int(Int64(pending)), "broken": .int(Int64(broken.count)), "virtual_seconds": .double(Double(virtual) / 1_000),
        ]
    }
}
