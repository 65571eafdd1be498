/// Keys ordered by when they are due, each at most once: finding the next costs nothing, changing one costs the logarithm of their
/// number. Keys that are due at the same time come in their own order, so that no result follows the order of a dictionary.
struct DueQueue<Key: Hashable & Comparable & Sendable>: Sendable {
    private struct Entry: Sendable {
        var due: Int64
        var key: Key
        static func < (one: Entry, other: Entry) -> Bool { (one.due, one.key) < (other.due, other.key) }
    }

    private var dues: [Key: Int64] = [:]
    /// A heap; what was changed or removed since leaves its old entry behind, until it comes to the top or they are too many.
    private var heap: [Entry] = []

    var count: Int { dues.count }
    var isEmpty: Bool { dues.isEmpty }
    /// When the first is due.
    var next: Int64? { heap.first?.due }

    subscript(key: Key) -> Int64? { dues[key] }

    /// Puts a key at a time, whatever it had before.
    mutating func set(_ key: Key, at due: Int64) {
        guard dues.updateValue(due, forKey: key) != due else { return }
        push(Entry(due: due, key: key))
        settle()
    }

    /// Makes a key due no later than a time.
    mutating func pull(_ key: Key, to due: Int64) {
        if let known = dues[key], known <= due { return }
        set(key, at: due)
    }

    mutating func remove(_ key: Key) {
        if dues.removeValue(forKey: key) != nil { settle() }
    }

    /// Takes the first key that is due at `now` or before.
    mutating func pop(dueBy now: Int64) -> Key? {
        guard let first = heap.first, first.due <= now else { return nil }
        dues[first.key] = nil
        settle()
        return first.key
    }

    /// Afterwards the top of the heap is what it says, and at most half of it is old.
    private mutating func settle() {
        if heap.count > 64, heap.count > dues.count * 2 {
            heap = dues.map { Entry(due: $0.value, key: $0.key) }.sorted(by: <)
            return
        }
        while let first = heap.first, dues[first.key] != first.due { dropFirst() }
    }

    private mutating func push(_ entry: Entry) {
        heap.append(entry)
        var place = heap.count - 1
        while place > 0, heap[place] < heap[(place - 1) / 2] {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func dropFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child] < heap[least] { least = child }
            if least == place { return }
            heap.swapAt(place, least)
            place = least
        }
    }
}
