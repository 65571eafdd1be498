import MusterCore

/// Virtual time, and what is due in it: work in the order of its time, and at one time in the order in which it was put in.
///
/// Used by one thread at a time.
public final class Agenda {
    private struct Item {
        var at: Int64
        var sequence: Int
        var work: () -> Void

        func isBefore(_ other: Item) -> Bool { (at, sequence) < (other.at, other.sequence) }
    }

    /// Milliseconds since the simulation began.
    public private(set) var elapsed: Int64 = 0
    private var heap: [Item] = []
    private var sequence = 0

    public init() {}

    /// 2026-01-01 00:00 UTC, and some time after the machine's boot, with what has passed since.
    public var now: Now {
        Now(wall: Timestamp(milliseconds: 1_767_225_600_000 + elapsed), monotonic: Moment(milliseconds: 1_000_000 + elapsed))
    }

    /// Puts work in, to be done so many milliseconds from now.
    public func after(_ milliseconds: Int64, _ work: @escaping () -> Void) {
        sequence += 1
        heap.append(Item(at: elapsed + max(0, milliseconds), sequence: sequence, work: work))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Forgets what is due: nothing of it happens any more.
    func clear() { heap = [] }

    /// The time of the next work; nil when there is none.
    public var next: Int64? { heap.first?.at }

    /// Does what is due until a time, then lets time pass until then. Stops early when `stop` says so after a piece of work.
    public func run(until end: Int64, stop: () -> Bool = { false }) {
        while let first = heap.first, first.at <= end {
            removeFirst()
            elapsed = first.at
            first.work()
            if stop() { return }
        }
        elapsed = max(elapsed, end)
    }

    private func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[least]) { least = child }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
