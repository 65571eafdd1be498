import Foundation
import Synchronization

/// Loopback addresses that no other test uses, in this process or one beside it.
enum LoopbackAddress {
    private static let counter = Atomic<Int>(0)

    static func next() -> String {
        let pid = Int(getpid())
        let number = counter.add(1, ordering: .relaxed).newValue
        return "127.\(64 + pid % 128).\(pid / 128 % 254 + 1).\(number % 254 + 1)"
    }
}
