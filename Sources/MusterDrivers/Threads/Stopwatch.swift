import MusterCore

/// Time passed on the monotonic clock, for the deadlines of drivers.
struct Stopwatch: Sendable {
    private let start = SystemTime().now().monotonic

    /// Milliseconds since it was made.
    var elapsed: Int64 { SystemTime().now().monotonic - start }
}
