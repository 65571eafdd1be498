import Foundation
import SweepWire
import Synchronization

/// Counts what this process does, and kills it where it is fated to die.
final class Reaper: Sendable {
    private let fate: Fate?
    private let counts = Mutex<[Fate.Kind: Int]>([:])

    init(_ fate: Fate?) { self.fate = fate }

    /// Counts one more; its number.
    func next(_ kind: Fate.Kind) -> Int {
        counts.withLock {
            $0[kind, default: 0] += 1
            return $0[kind, default: 0]
        }
    }

    func count(_ kind: Fate.Kind) -> Int { counts.withLock { $0[kind, default: 0] } }

    func isFated(_ kind: Fate.Kind, _ number: Int, _ when: Fate.When) -> Bool { fate == Fate(kind, number, when) }

    /// Dies here if this is the place.
    func pass(_ kind: Fate.Kind, _ number: Int, _ when: Fate.When) {
        if isFated(kind, number, when) { Self.die() }
    }

    static func die() -> Never {
        kill(getpid(), SIGKILL)
        while true { pause() }
    }
}
