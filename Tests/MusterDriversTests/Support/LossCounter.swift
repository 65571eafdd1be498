import Synchronization

/// Loses every fifth packet.
final class LossCounter: Sendable {
    private let count = Atomic<Int>(0)
    var losesThis: Bool { count.add(1, ordering: .relaxed).newValue % 5 == 0 }
}
