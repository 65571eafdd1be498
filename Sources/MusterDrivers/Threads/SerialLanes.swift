import Foundation

/// Blocking calls in order per lane, lanes beside each other.
///
/// A lane (one BMC, one image) occupies at most one thread, so a slow one delays nobody but itself while the pool has threads.
final class SerialLanes<Key: Hashable & Sendable>: @unchecked Sendable {
    private let pool: ThreadPool
    private let lock = NSLock()
    // Guarded by `lock`: the jobs of each lane, of which the first is under way.
    private var lanes: [Key: [@Sendable () -> Void]] = [:]

    init(pool: ThreadPool) { self.pool = pool }

    /// Runs `body` on a thread of the pool after everything that was asked of this lane before.
    func run<Result: Sendable>(_ key: Key, _ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            enqueue(key) { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    private func enqueue(_ key: Key, _ job: @escaping @Sendable () -> Void) {
        lock.lock()
        lanes[key, default: []].append(job)
        let first = lanes[key]?.count == 1
        lock.unlock()
        if first { perform(job, of: key) }
    }

    private func perform(_ job: @escaping @Sendable () -> Void, of key: Key) {
        pool.submit { [self] in
            job()
            // One job a turn: a lane with much to do lets others have the thread in between.
            if let next = advance(key) { perform(next, of: key) }
        }
    }

    private func advance(_ key: Key) -> (@Sendable () -> Void)? {
        lock.lock()
        defer { lock.unlock() }
        lanes[key]?.removeFirst()
        if let next = lanes[key]?.first { return next }
        lanes[key] = nil
        return nil
    }
}
