import Foundation
import Synchronization

/// Runs test items on several threads, each item on one; what they say comes in the order of the items, whichever is ready first.
public final class TestRunner: Sendable {
    private struct State {
        var next = 0
        var told = 0
        var done: [Int: [TestResult]] = [:]
        var isTelling = false
    }

    private let items: [any TestItem]
    private let settings: TestSettings
    private let state = Mutex(State())

    public init(_ items: [any TestItem], _ settings: TestSettings) {
        self.items = items
        self.settings = settings
    }

    /// How many items are done, whatever was told of them.
    public var doneCount: Int { state.withLock { $0.told + $0.done.count } }

    /// Runs all items and waits for them.
    ///
    /// - Parameter tell: Gets the results of each item, in the order of the items; never called twice at once.
    public func run(jobs: Int, tell: @escaping @Sendable (any TestItem, [TestResult]) -> Void) {
        let group = DispatchGroup()
        for _ in 0..<min(max(1, jobs), items.count) {
            group.enter()
            let thread = Thread { [self] in
                work(tell)
                group.leave()
            }
            thread.name = "test"
            // Lua nests up to 200 calls in C, each with a buffer on the stack, and a simulation is under it.
            thread.stackSize = 16 << 20
            thread.start()
        }
        group.wait()
    }

    private func work(_ tell: @Sendable (any TestItem, [TestResult]) -> Void) {
        while let index = take() {
            let results = items[index].run(settings)
            state.withLock { $0.done[index] = results }
            tellWhatIsDue(tell)
        }
    }

    private func take() -> Int? {
        state.withLock { state in
            guard state.next < items.count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    private func tellWhatIsDue(_ tell: @Sendable (any TestItem, [TestResult]) -> Void) {
        // Who tells now also tells what comes meanwhile.
        let isMine = state.withLock { state in
            defer { state.isTelling = true }
            return !state.isTelling
        }
        guard isMine else { return }
        while let (index, results) = nextToTell() { tell(items[index], results) }
    }

    private func nextToTell() -> (Int, [TestResult])? {
        state.withLock { state in
            guard let results = state.done.removeValue(forKey: state.told) else {
                state.isTelling = false
                return nil
            }
            defer { state.told += 1 }
            return (state.told, results)
        }
    }
}
