import MusterCore

/// The servers that look for a machine or soon may, those of the highest priority first, kept as they change.
struct Seekers: Sendable {
    struct Seeker: Sendable, Hashable {
        var id: ServerID
        var priority: Int

        static func < (one: Self, other: Self) -> Bool { (other.priority, one.id) < (one.priority, other.id) }
    }

    private(set) var ordered: [Seeker] = []
    private var known: [ServerID: Seeker] = [:]

    /// How many have a higher priority.
    func count(above priority: Int) -> Int { ordered.sortedPlace { $0.priority > priority } }

    mutating func replace(_ id: ServerID, _ new: Seeker?) {
        let old = known[id]
        guard old != new else { return }
        if let old { ordered.remove(at: place(of: old)) }
        known[id] = new
        if let new { ordered.insert(new, at: place(of: new)) }
    }

    private func place(of seeker: Seeker) -> Int { ordered.sortedPlace { $0 < seeker } }
}
