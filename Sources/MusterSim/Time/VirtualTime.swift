import MusterCore
import Synchronization

/// Time that passes only when it is told to.
public final class VirtualTime: TimeSource {
    private let elapsed = Mutex<Int64>(0)
    /// 2026-01-01 00:00 UTC.
    private static let start: Int64 = 1_767_225_600_000

    public init() {}

    public func advance(milliseconds: Int64) { elapsed.withLock { $0 += milliseconds } }

    public func now() -> Now {
        let passed = elapsed.withLock { $0 }
        return Now(
            wall: Timestamp(milliseconds: Self.start + passed), monotonic: Moment(milliseconds: 1_000_000 + passed))
    }
}
