import Synchronization

/// Counts how many are inside, up to a limit.
final class Gate: Sendable {
    private let inside = Mutex(0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Whether there was room.
    func enter() -> Bool {
        inside.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func leave() { inside.withLock { $0 -= 1 } }
}
