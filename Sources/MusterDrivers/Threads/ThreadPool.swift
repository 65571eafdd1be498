import Foundation

/// A bounded pool of threads for calls that block, so that none of them holds a thread of Swift's cooperative pool.
///
/// Threads start when work waits and end after being idle for a while.
final class ThreadPool: @unchecked Sendable {
    private let condition = NSCondition()
    // Guarded by `condition`.
    private var waiting: [@Sendable () -> Void] = []
    private var threads = 0
    private var idle = 0
    private let limit: Int
    private let name: String
    private static let idleSeconds = 10.0

    init(name: String, limit: Int) {
        self.name = name
        self.limit = limit
    }

    func submit(_ job: @escaping @Sendable () -> Void) {
        condition.lock()
        waiting.append(job)
        if idle < waiting.count, threads < limit {
            threads += 1
            start()
        } else {
            condition.signal()
        }
        condition.unlock()
    }

    private func start() {
        let thread = Thread { [self] in work() }
        thread.name = name
        thread.stackSize = 512 << 10
        thread.start()
    }

    private func work() {
        while let job = take() { job() }
    }

    private func take() -> (@Sendable () -> Void)? {
        condition.lock()
        defer { condition.unlock() }
        idle += 1
        defer { idle -= 1 }
        let deadline = Date(timeIntervalSinceNow: Self.idleSeconds)
        while waiting.isEmpty {
            guard condition.wait(until: deadline) || !waiting.isEmpty else {
                threads -= 1
                return nil
            }
        }
        return waiting.removeFirst()
    }
}
